import { Admin } from './admin/admin.js'
import { Cluster } from './cluster/cluster.js'
import { normalizeOptions, type HBaseClientOptions } from './options.js'
import { Table } from './table/table.js'

/** A connection to one HBase cluster. Share one client: it supports any number of concurrent operations. */
export class HBaseClient {
  /** Creates, changes and lists tables. */
  readonly admin: Admin
  readonly #cluster: Cluster

  /** Use `createHBaseClient`. */
  constructor(options: HBaseClientOptions) {
    this.#cluster = new Cluster(normalizeOptions(options))
    this.admin = new Admin(this.#cluster)
  }

  /** A table by its name, `table` or `namespace:table`. Throws `TypeError` for an invalid name. */
  table(name: string): Table {
    return new Table(this.#cluster, name)
  }

  /**
   * Closes all sockets. Operations in progress, and later ones, reject with `CLOSED`. Safe to call twice. An
   * idle client does not keep the process alive, closed or not.
   */
  async close(): Promise<void> {
    await this.#cluster.pool.close()
  }

  /** `await using`: the same as `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/**
 * Makes a client. It connects at the first operation, not here. Throws `TypeError` for invalid options.
 *
 * @example const client = createHBaseClient({ servers: 'hbase://127.0.0.1:16000' })
 */
export function createHBaseClient(options: HBaseClientOptions): HBaseClient {
  return new HBaseClient(options)
}
