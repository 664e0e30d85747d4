import { SERVICES, type Ports } from '../chain/services.js'

/** Where to ask. */
export interface Where {
  readonly dataDir: string
  readonly store: string
  /** Ports of the proxies before the services, if there are any. */
  readonly fronts?: Ports | undefined
}

/** The service of the proxy that has this address; anything else is returned as it is. A proxy that refuses is named by its address. */
export function behindProxy({ fronts }: Where, name: string): string {
  return SERVICES.find((service) => fronts && name === `127.0.0.1:${fronts[service]}`) ?? name
}
