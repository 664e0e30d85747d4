import { HoptraceError, type StoreLogin } from '@hoptrace/core/store'
import { createClient, ErrorReply, RESP_TYPES } from 'redis'
import type { RedisLocation } from './location.js'

const connectMillis = 5000

function newClient({ tls, host, port, database }: RedisLocation, login: StoreLogin | undefined) {
  return createClient({
    // Redis 5 knows no other protocol.
    RESP: 2,
    socket: {
      host,
      port,
      connectTimeout: connectMillis,
      reconnectStrategy: false,
      ...(tls ? { tls: true as const, minVersion: 'TLSv1.2' as const } : {}),
    },
    database,
    disableClientInfo: true,
    disableOfflineQueue: true,
    ...(login === undefined ? {} : { password: login.password }),
    ...(login === undefined || login.user === '' ? {} : { username: login.user }),
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  })
}

type Client = ReturnType<typeof newClient>

/** One command, as Redis takes it. */
export type Command = readonly (string | Buffer)[]

/** A connection to one server, made when it is needed. It does not keep the process alive while nothing is asked. */
export class Connection {
  readonly #location: RedisLocation
  readonly #login: StoreLogin | undefined
  readonly #check: (ask: (command: Command) => Promise<unknown>) => Promise<void>
  #client: Client | undefined
  #connecting: Promise<Client> | undefined
  #asking = 0

  /** @param check Looks at each new connection, before its first use; what it throws is what the use rejects with. */
  constructor(
    location: RedisLocation,
    login: StoreLogin | undefined,
    check: (ask: (command: Command) => Promise<unknown>) => Promise<void>,
  ) {
    this.#location = location
    this.#login = login
    this.#check = check
  }

  /** Whether a connection is open. It may be dead without anything having noticed. */
  get isOpen(): boolean {
    return this.#client?.isReady === true
  }

  /** Sends a command. When no answer comes in time, the connection is given up: the answer would belong to the next command. */
  async send(command: Command, millis: number): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const reason = `${this.#location.url}: no answer within ${Math.round(millis)} ms`
        reject(new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', reason))
        this.close()
      }, millis)
    })
    const sending = this.#send(command)
    sending.catch(() => undefined)
    this.#asking++
    try {
      return await Promise.race([sending, late])
    } finally {
      clearTimeout(timer)
      if (--this.#asking === 0) this.#client?.unref()
    }
  }

  close(): void {
    const client = this.#client
    this.#client = undefined
    this.#connecting = undefined
    if (client?.isOpen === true) client.destroy()
  }

  async #send(command: Command): Promise<unknown> {
    const client = await this.#connected()
    client.ref()
    return client.sendCommand([...command])
  }

  async #connected(): Promise<Client> {
    if (this.#client?.isOpen === false) this.close()
    this.#connecting ??= this.#connect().catch((error: unknown) => {
      this.close()
      throw error
    })
    return this.#connecting
  }

  async #connect(): Promise<Client> {
    const client = newClient(this.#location, this.#login)
    this.#client = client
    // The commands that wait reject with it.
    client.on('error', () => undefined)
    await client.connect()
    await this.#check((command) => client.sendCommand([...command]))
    return client
  }
}

/** Is it what the server answered, and not the way to it? */
export function isAnswer(error: unknown): error is ErrorReply {
  return error instanceof ErrorReply
}
