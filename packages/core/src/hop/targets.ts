import { hopIdAddress } from '../id/index.js'
import type { HopId } from '../id/types.js'
import { unnamed, type ServedBy } from '../record/record.js'
import { TrustedTargets } from '../propagation/trusted-targets.js'

/** Targets whose service is remembered. */
const maxTargets = 1000

/** What a run knows of the targets that it calls, by `host:port`. */
export class Targets {
  readonly trusted: TrustedTargets
  /** Null for a target with several services. */
  private readonly services = new Map<string, string | null>()

  constructor(patterns: readonly string[]) {
    this.trusted = new TrustedTargets(patterns)
  }

  /** The service at a target according to earlier answers, or null. */
  serviceAt(target: string): string | null {
    return this.services.get(target) ?? null
  }

  /**
   * Learns from an answer with a valid tag. A target gets a name only if the answering process listens at
   * that very address, because a gateway or a load balancer may send the next request to another service.
   * @param assigned the id of the call, which contains the dialled address
   * @param proven the dialled process has proven the key itself
   */
  learn(target: string, assigned: HopId, { service, address }: ServedBy, proven: boolean): void {
    if (proven) this.trusted.prove(target)
    if (service === unnamed || !isItself(hopIdAddress(assigned), address)) return
    const known = this.services.get(target)
    if (known === service || known === null) return
    if (this.services.size >= maxTargets) this.services.clear()
    this.services.set(target, known === undefined ? service : null)
  }
}

/**
 * For an unresolved name, and for loopback, where every process of the host may listen, only the ports are
 * compared.
 */
function isItself(dialled: string, answered: string): boolean {
  if (dialled === answered) return true
  const port = (text: string): string => text.slice(text.indexOf(':'))
  return (
    (dialled.startsWith('0.0.0.0:') || dialled.startsWith('127.0.0.1:')) && port(dialled) === port(answered)
  )
}
