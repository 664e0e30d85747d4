import { hopIdAddress } from '../id/index.js'
import type { HopId } from '../id/types.js'
import { unnamed, type ServedBy } from '../record/record.js'
import { TrustedTargets } from '../propagation/trusted-targets.js'

/** Targets whose service is remembered. */
const maxTargets = 1000

/** What a run knows of the targets that it calls, by `host:port`. */
export class Targets {
  readonly trusted: TrustedTargets
  /** Null for a target behind which there are several services. */
  private readonly services = new Map<string, string | null>()

  constructor(patterns: readonly string[]) {
    this.trusted = new TrustedTargets(patterns)
  }

  /** The service that answers at a target, as far as earlier answers tell; or null. */
  serviceAt(target: string): string | null {
    return this.services.get(target) ?? null
  }

  /**
   * Learns from an answer whose tag was good. A target has a name only when the one who answered listens there itself: behind a
   * gateway or a load balancer the next request may go to another service.
   * @param assigned the id of the call, which names the address that was dialled
   */
  learn(target: string, assigned: HopId, { service, address }: ServedBy): void {
    this.trusted.prove(target)
    if (service === unnamed || !isItself(hopIdAddress(assigned), address)) return
    const known = this.services.get(target)
    if (known === service || known === null) return
    if (this.services.size >= maxTargets) this.services.clear()
    this.services.set(target, known === undefined ? service : null)
  }
}

/** A name that is not resolved and loopback, which each process of a host may listen on, are told by the port. */
function isItself(dialled: string, answered: string): boolean {
  if (dialled === answered) return true
  const port = (text: string): string => text.slice(text.indexOf(':'))
  return (
    (dialled.startsWith('0.0.0.0:') || dialled.startsWith('127.0.0.1:')) && port(dialled) === port(answered)
  )
}
