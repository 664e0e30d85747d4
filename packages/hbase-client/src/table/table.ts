import type { Bytes } from '../bytes.js'
import { callFields, checkFields, checkList, checkObject, shown } from '../check.js'
import type { CallOptions, Cluster } from '../cluster/cluster.js'
import { parseTableName } from '../cluster/region.js'
import { runBatch } from './batch.js'
import { getRow, type GetOptions } from './get.js'
import {
  deleteFields,
  putFields,
  toDeleteMutations,
  toPutMutations,
  type Delete,
  type Mutation,
  type Put,
} from './operation.js'
import type { Row } from './row.js'
import { scanPage, type ScanPage } from './scan-page.js'
import type { ScanOptions } from './scan-request.js'
import { scanRows } from './scanner.js'

/** One operation of a batch. */
export type Operation = ({ readonly type: 'put' } & Put) | ({ readonly type: 'delete' } & Delete)

/** A table handle. It costs nothing to make; only the first operation shows whether the table exists. */
export class Table {
  /** The given name: `table` or `namespace:table`. */
  readonly name: string
  readonly #cluster: Cluster
  readonly #key: string

  /** Use `client.table(name)`. */
  constructor(cluster: Cluster, name: string) {
    this.name = name
    this.#cluster = cluster
    this.#key = parseTableName(name).text
  }

  /** Reads a row; undefined if there is none. Rejects with `HBaseError`. */
  async get(row: Bytes, options: GetOptions = {}): Promise<Row | undefined> {
    return getRow(this.#cluster, this.#key, row, options)
  }

  /**
   * Writes cells, in as few requests as possible. Resolves when all are acknowledged, which means: in the
   * server's write-ahead log. Adjacent cells of one row are written together or not at all; different rows
   * are independent. Rejects with `HBaseError`; its `failures` name the cells that were not acknowledged
   * (they may still be written).
   */
  async put(puts: readonly Put[], options: CallOptions = {}): Promise<void> {
    checkFields('put options', options, callFields)
    await runBatch(this.#cluster, this.#key, toPutMutations(puts), options)
  }

  /** Deletes rows, families or columns; like `put` otherwise. */
  async delete(deletes: readonly Delete[], options: CallOptions = {}): Promise<void> {
    checkFields('delete options', options, callFields)
    await runBatch(this.#cluster, this.#key, toDeleteMutations(deletes), options)
  }

  /** Puts and deletes together; like `put` otherwise. The order of operations on one row is not promised. */
  async batch(operations: readonly Operation[], options: CallOptions = {}): Promise<void> {
    checkFields('batch options', options, callFields)
    checkList('operations', operations)
    const mutations = operations.flatMap((operation, index) =>
      toMutations(operation, index).map((mutation): Mutation => ({ ...mutation, first: index })),
    )
    await runBatch(this.#cluster, this.#key, mutations, options)
  }

  /**
   * Reads all rows of a range in ascending order of their keys. `timeoutMillis` is for each response. Every
   * row comes once, even if regions split or move during the scan; each row is as it was when its part was
   * read.
   */
  scan(options: ScanOptions = {}): AsyncGenerator<Row, void> {
    return scanRows(this.#cluster, this.#key, options)
  }

  /** Reads up to `limit` rows, or about `maxBytes`, in one round trip if they are in one region. */
  scanPage(options: ScanOptions = {}): Promise<ScanPage> {
    return scanPage(this.#cluster, this.#key, options)
  }
}

/** Refuses an unknown type of operation, because treating it as a delete would lose data. */
function toMutations(operation: Operation, index: number): Mutation[] {
  checkObject(`batch ${index}`, operation)
  const { type } = operation
  if (type === 'put') return toPutMutations([operation], [...putFields, 'type'])
  if (type === 'delete') return toDeleteMutations([operation], [...deleteFields, 'type'])
  throw new TypeError(
    `batch ${index}: there is no operation of type ${shown(type)}; the types are put and delete`,
  )
}
