import type { StoreDriver } from '@hoptrace/core/store'
import { locationOf } from './location.js'
import { MysqlStore } from './mysql-store.js'

/** `mysql://host[:port]/database#service`: a table of one service. Without `#service`: the registry of all of them. */
export const driver: StoreDriver = {
  open: (url, making, login) => new MysqlStore(locationOf(url), making !== undefined, login),
}
