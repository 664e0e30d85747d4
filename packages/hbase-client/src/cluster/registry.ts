import { setTimeout as delay } from 'node:timers/promises'
import { Deadline } from '../deadline.js'
import { HBaseError, protocolError } from '../errors.js'
import { addressText, type Address, type Settings } from '../options.js'
import { getActiveMaster, getMetaRegionLocations } from '../rpc/methods.js'
import type { Answer, Method, Pool } from '../rpc/pool.js'
import type { DecodedServerName } from '../proto/hbase.js'
import type { Init, Message } from '../proto/message.js'

const rememberedServers = 16
/** How long one server is waited for before the next is asked beside it. */
const nextServerMillis = 250

/**
 * Finds the master and hbase:meta by asking the configured servers; when none of them answers, those region servers
 * that were met since. Answers are kept until somebody says that they are wrong.
 */
export class Registry {
  readonly #settings: Settings
  readonly #pool: Pool
  readonly #met = new Map<string, Address>()
  /** The server that answered last; the next question goes there first. */
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

  /** The server of hbase:meta turned out not to be it. */
  forgetMeta(): void {
    this.#meta = undefined
  }

  /** The active master turned out not to be it. */
  forgetMaster(): void {
    this.#master = undefined
  }

  /** A region server that can be asked when the configured servers are gone. */
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
      // A deadline of its own: several callers wait for this answer, and none of them may end it for the others.
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
      // A server that is silent costs a moment; the next one is asked beside it.
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

/** The first answer that is one; undefined when every server failed. Rejects when one of them rejects. */
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

/** Of several servers' errors the one worth reporting: a permanent one tells more than a refused connection. */
function worse(a: HBaseError | undefined, b: HBaseError): HBaseError {
  return a && (a.recovery === 'none' || b.recovery !== 'none') ? a : b
}

function toAddress(server: DecodedServerName | undefined, what: string): Address {
  if (!server?.hostName || !server.port) {
    throw new HBaseError('UNREACHABLE', `the cluster has no ${what} at the moment`, { recovery: 'later' })
  }
  return { host: server.hostName, port: server.port }
}
