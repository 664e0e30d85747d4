/** The services of the harness: a chain of five, entry first, and one more that s2 calls together with s3. */
export const SERVICES = ['s1', 's2', 's3', 's4', 's5', 's6'] as const

/** Name of a service. */
export type ServiceName = (typeof SERVICES)[number]

/** The service that requests come in by. */
export const ENTRY: ServiceName = 's1'

/** What each service is made of, and whom it calls, all at once. A service fails when one of its calls does. */
export const TOPOLOGY: Readonly<Record<ServiceName, ServiceShape>> = {
  s1: { framework: 'fastify', next: ['s2'], store: 'own', timeoutMillis: 1150 },
  s2: { framework: 'express', next: ['s3', 's6'], store: 'fragile', timeoutMillis: 1000 },
  s3: { framework: 'koa', next: ['s4'], store: 'own', timeoutMillis: 850 },
  s4: { framework: 'fastify', next: ['s5'], store: 'fragile', timeoutMillis: 700 },
  s5: { framework: 'express', next: [], store: 'own', timeoutMillis: 550 },
  s6: { framework: 'koa', next: [], store: 'own', timeoutMillis: 550 },
}

/** One service as it is started. */
export interface ServiceShape {
  readonly framework: 'fastify' | 'express' | 'koa'
  readonly next: readonly ServiceName[]
  /** `fragile`: a store object of the service itself, which can be made slow or be taken away; it ships in the service's own thread. */
  readonly store: 'own' | 'fragile'
  /** How long it waits for what it calls: a little longer than that one does, so that the one before the fault gives up first. */
  readonly timeoutMillis: number
}
