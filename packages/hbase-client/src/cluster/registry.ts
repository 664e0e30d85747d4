import { setTimeout as delay } from 'node:timers/promises'
import { Deadline } from '../deadline.js'
import { HBaseError, protocolError } from '../errors.js'
import { addressText, type Address, type Settings } from '../options.js'
import { getActiveMaster, getMetaRegionLocations } from '../rpc/methods.js'
import type { Answer, Method, Pool } from '../rpc/pool.js'
import type { DecodedServerName } from '../proto/hbase.js'
import type { Init, Message } from '../proto/message.js'

const rememberedServers = 16
/** How long to wait for one server before asking the next in parallel. */
const nextServerMillis = 250

/**
 * Finds the master and hbase:meta. Asks the configured servers first; if none of them answers, region servers
 * that were found since. Keeps an answer until a caller reports that it is wrong.
 */
export class Registry {
  readonly #settings: Settings
  readonly #pool: Pool
  readonly #met = new Map<string, Address>()
  /** The server that answered last; the next request goes there first. */
  #preferred: Address | undefined
  #meta: Promise<Address> | undefined
  #master: Promise<Address> | undefined

  constructor(settings: Settings, pool: Pool) {
    this.#settings = settings
    this.#pool = pool
  }

  /** The server of hbase:meta. */
  metaServer(deadline: Deadline): Promise<Address> {
    const work = (this.#meta ??= this.#findMeta().catch((error: unknown) => {
      this.#meta = undefined
      throw error
    }))
    return deadline.race(work)
  }

  /** The active master. */
  master(deadline: Deadline): Promise<Address> {
    const work = (this.#master ??= this.#findMaster().catch((error: unknown) => {
      this.#master = undefined
      throw error
    }))
    return deadline.race(work)
  }

  /** Call it when another server has hbase:meta. */
  forgetMeta(): void {
    this.#meta = undefined
  }

  /** Call it when another master is active. */
  forgetMaster(): void {
    this.#master = undefined
  }

  /** A region server to ask when the configured servers are gone. */
  remember(address: Address): void {
    if (this.#met.size < rememberedServers) this.#met.set(addressText(address), address)
  }

  async #findMeta(): Promise<Address> {
    const { message } = await this.#ask(getMetaRegionLocations, {})
    const location = message.metaLocations.find((meta) => (meta.regionInfo?.replicaId ?? 0) === 0)
    return toAddress(location?.serverName, 'hbase:meta')
  }

  async #findMaster(): Promise<Address> {
    const { message } = await this.#ask(getActiveMaster, {})
    return toAddress(message.serverName, 'an active master')
  }

  async #ask<I extends Message, O extends Message>(
    method: Method<I, O>,
    request: Init<I>,
  ): Promise<Answer<O>> {
    const { servers } = this.#settings
    let failure: HBaseError | undefined
    const candidates = new Map(
      [...(this.#preferred ? [this.#preferred] : []), ...servers, ...this.#met.values()].map(
        (address) => [addressText(address), address] as const,
      ),
    )
    const ask = async (server: Address): Promise<Answer<O>> => {
      // Use a separate deadline: several callers wait for this answer, and none of them may end it for the
      // others.
      const deadline = new Deadline(this.#settings.attemptTimeoutMillis)
      const answer = await this.#pool.call(server, method, request, deadline)
      this.#preferred = server
      return answer
    }
    const asked: Promise<Answer<O> | undefined>[] = []
    for (const server of candidates.values()) {
      const answer = ask(server).catch((error: unknown) => {
        if (!(error instanceof HBaseError) || error.code === 'ABORTED' || error.code === 'CLOSED') throw error
        failure = worse(failure, error)
        return undefined
      })
      asked.push(answer)
      // A silent server costs only a moment, because the next one is asked in parallel.
      const first = await Promise.race([
        firstOf(asked),
        pause(Math.min(nextServerMillis, this.#settings.attemptTimeoutMillis)),
      ])
      if (first !== undefined) return first
    }
    const answer = await firstOf(asked)
    if (answer !== undefined) return answer
    throw failure ?? protocolError('no servers')
  }
}

/** The first successful answer; undefined if every server failed. Rejects if one of them rejects. */
async function firstOf<T>(answers: readonly Promise<T | undefined>[]): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    let waiting = answers.length
    for (const answer of answers) {
      answer.then((value) => {
        if (value !== undefined) resolve(value)
        else if (--waiting === 0) resolve(undefined)
      }, reject)
    }
  })
}

async function pause(millis: number): Promise<undefined> {
  await delay(millis, undefined, { ref: false })
}

/**
 * The error to report among those of several servers: a permanent one says more than a refused connection.
 */
function worse(a: HBaseError | undefined, b: HBaseError): HBaseError {
  return a && (a.recovery === 'none' || b.recovery !== 'none') ? a : b
}

function toAddress(server: DecodedServerName | undefined, what: string): Address {
  if (!server?.hostName || !server.port) {
    throw new HBaseError('UNREACHABLE', `the cluster has no ${what} at the moment`, { recovery: 'later' })
  }
  return { host: server.hostName, port: server.port }
}
