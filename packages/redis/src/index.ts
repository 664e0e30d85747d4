import type { StoreDriver } from '@hoptrace/core/store'
import { locationOf } from './location.js'
import { RedisStore } from './redis-store.js'

/** `redis://host[:port][/database]#service`: the rows of one service. Without `#service`: the registry of all of them. */
export const driver: StoreDriver = {
  open: (url, making, login) => new RedisStore(locationOf(url), making !== undefined, login),
}
