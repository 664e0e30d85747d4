import { fileURLToPath } from 'node:url'

/** The services of the shop, entry first; the place in this list is the offset of the port. */
export const SERVICES = ['gateway', 'orders', 'payments', 'inventory', 'notify'] as const

/** Name of a service of the shop. */
export type ServiceName = (typeof SERVICES)[number]

/** Ports of a chain: each service has its own. */
export type Ports = Readonly<Record<ServiceName, number>>

/** Five ports in a row, from `base`. Throws TypeError when they do not fit. */
export function portsFrom(base: number): Ports {
  if (!Number.isInteger(base) || base < 1 || base + SERVICES.length - 1 > 65_535) {
    throw new TypeError(`--port-base must be a whole number from 1 to ${65_536 - SERVICES.length}`)
  }
  return Object.fromEntries(SERVICES.map((name, index) => [name, base + index])) as Ports
}

/** The program of a service. */
export function programOf(name: ServiceName): string {
  return fileURLToPath(new URL(`../services/${name}/main.ts`, import.meta.url))
}
