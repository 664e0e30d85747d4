/** What is done to a service. */
export const FAULTS = [
  'sigkill',
  'uncaught',
  'abort',
  'sigstop',
  'blocked',
  'reset',
  'refused',
  'black-hole',
  'lost-answer',
] as const

/** Name of a fault. */
export type Fault = (typeof FAULTS)[number]

/** When, as seen from the call to the next service. */
export const MOMENTS = ['before', 'during', 'after'] as const

/** Name of a moment. */
export type Moment = (typeof MOMENTS)[number]

/** The services of the chain, entry first. */
export const CHAIN = ['s1', 's2', 's3', 's4', 's5'] as const

/** Name of a service. */
export type ChainService = (typeof CHAIN)[number]

/** What one run does. */
export interface Plan {
  readonly fault: Fault
  readonly moment: Moment
  readonly service: ChainService
  /** Whether the service is started again under load, or only after the load. */
  readonly restart: boolean
}

/** Travels in the body of the request that triggers the fault. */
export interface FaultOrder {
  readonly fault: Fault
  readonly moment: Moment
  readonly service: ChainService
}

/** The plans of a seed: always the same, each fault about equally often. */
export function plansOf(seed: number, runs: number): Plan[] {
  const random = generator(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  return Array.from({ length: runs }, (_, index) => {
    const fault = FAULTS[(index + seed) % FAULTS.length] ?? 'sigkill'
    // An entry cannot be refused or black-holed: no service calls it.
    const targets = fault === 'refused' || fault === 'black-hole' ? CHAIN.slice(1) : CHAIN
    return { fault, moment: pick(MOMENTS), service: pick(targets), restart: random() < 0.5 }
  })
}

/** mulberry32: small, seeded, good enough to choose faults. Numbers in [0, 1). */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
