import type { Deadline } from '../deadline.js'
import { HBaseError } from '../errors.js'
import { addressText, type Address, type Settings } from '../options.js'
import type { CellBlock } from './cell-block.js'
import { Connection } from './connection.js'
import { parse, type Service } from './envelope.js'
import { decode, encode, type Decoded, type Init, type Message } from '../proto/message.js'

/** One RPC: its name, and the types of request and response. */
export interface Method<I extends Message, O extends Message> {
  readonly service: Service
  readonly name: string
  readonly input: I
  readonly output: O
}

/** A decoded reply and the raw cell block that came with it. */
export interface Answer<O extends Message> {
  readonly message: Decoded<O>
  readonly cells: Buffer
}

/** The connections of a client: one for each server and service, opened when needed. */
export class Pool {
  readonly #settings: Settings
  readonly #connections = new Map<string, Connection>()
  #closed = false

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** One attempt of one call. */
  async call<I extends Message, O extends Message>(
    address: Address,
    method: Method<I, O>,
    request: Init<I>,
    deadline: Deadline,
    cells?: CellBlock,
  ): Promise<Answer<O>> {
    deadline.check()
    const parameter = encode(method.input, request)
    const reply = await this.#connection(address, method.service).call(
      method.name,
      parameter,
      cells,
      deadline,
    )
    const message = parse(() => decode(method.output, reply.message))
    return { message, cells: reply.cells }
  }

  /** Closes every connection; calls in progress and later ones reject with `CLOSED`. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()))
  }

  #connection(address: Address, service: Service): Connection {
    if (this.#closed) throw new HBaseError('CLOSED', 'the client is closed')
    const key = `${service} ${addressText(address)}`
    const known = this.#connections.get(key)
    if (known?.usable) return known
    const connection = new Connection(address, service, this.#settings, (closed) => {
      if (this.#connections.get(key) === closed) this.#connections.delete(key)
    })
    this.#connections.set(key, connection)
    return connection
  }
}
