import { toBuffer, type Bytes } from '../bytes.js'
import { checkDistinct, checkFields } from '../check.js'
import { parseTableName } from '../cluster/region.js'
import type { DecodedTableSchema, TableSchemaInit } from '../proto/hbase.js'

/** A column family. A missing field takes the server's default. */
export interface FamilySchema {
  readonly name: string
  /** Seconds after which cells expire. @default never */
  readonly ttlSeconds?: number
  /** Versions of a cell to keep. @default 1 */
  readonly versions?: number
  /** @default 'ROW' */
  readonly bloomFilter?: 'NONE' | 'ROW' | 'ROWCOL'
  /** @default 'NONE' */
  readonly dataBlockEncoding?: 'NONE' | 'PREFIX' | 'DIFF' | 'FAST_DIFF' | 'ROW_INDEX_V1'
  /** The servers need the codec. @default 'NONE' */
  readonly compression?: 'NONE' | 'SNAPPY' | 'LZ4' | 'ZSTD' | 'GZ' | 'LZO' | 'BZIP2'
  /** Bytes of an HFile block. @default 65536 */
  readonly blockSize?: number
  /** Any other attribute: HBase's name, and the value as text. */
  readonly attributes?: Readonly<Record<string, string>>
}

/** The options of `createTable`. */
export interface CreateTableOptions {
  readonly name: string
  readonly families: readonly FamilySchema[]
  /** The first rows of the second, third, ... region. @default one region */
  readonly splitKeys?: readonly Bytes[]
  /**
   * When a write is acknowledged: in the write-ahead log (`SYNC_WAL`), on the disk (`FSYNC_WAL`), shortly
   * before either (`ASYNC_WAL`), or in memory only (`SKIP_WAL`). @default the servers' setting, normally
   * SYNC_WAL
   */
  readonly durability?: 'SYNC_WAL' | 'FSYNC_WAL' | 'ASYNC_WAL' | 'SKIP_WAL'
}

/** A family as a server describes it. */
export interface FamilyDescription {
  readonly name: string
  /** Undefined: cells do not expire. */
  readonly ttlSeconds: number | undefined
  readonly versions: number
  readonly bloomFilter: string
  readonly dataBlockEncoding: string
  readonly compression: string
  readonly blockSize: number
  /** All attributes, by HBase's names. */
  readonly attributes: Readonly<Record<string, string>>
}

/** A table as a server describes it. */
export interface TableDescription {
  readonly name: string
  readonly families: readonly FamilyDescription[]
}

const forever = 0x7fff_ffff
const familyFields = [
  'name',
  'ttlSeconds',
  'versions',
  'bloomFilter',
  'dataBlockEncoding',
  'compression',
  'blockSize',
  'attributes',
]

/** The protobuf form of a table's schema. Throws `TypeError` for an invalid schema. */
export function toTableSchema(options: CreateTableOptions): TableSchemaInit {
  if (options.families.length === 0) throw new TypeError('a table needs at least one column family')
  checkFields('createTable', options, ['name', 'families', 'splitKeys', 'durability'])
  const { durability } = options
  checkDistinct(
    'column family',
    options.families.map(({ name }) => name),
  )
  checkDistinct(
    'split key',
    (options.splitKeys ?? []).map((key) => toBuffer(key).toString('latin1')),
  )
  return {
    tableName: toTableNameMessage(options.name),
    columnFamilies: options.families.map(toFamilySchema),
    attributes: durability ? [{ first: Buffer.from('DURABILITY'), second: Buffer.from(durability) }] : [],
  }
}

/** The protobuf form of a table's name. */
export function toTableNameMessage(name: string): { namespace: Buffer; qualifier: Buffer } {
  const { namespace, qualifier } = parseTableName(name)
  return { namespace: Buffer.from(namespace), qualifier: Buffer.from(qualifier) }
}

/** Reads a table's schema. */
export function readTableSchema(schema: DecodedTableSchema): TableDescription {
  return {
    name: readTableName(schema.tableName),
    families: schema.columnFamilies.map(({ name, attributes: pairs }) => {
      const attributes = Object.fromEntries(pairs.map(({ first, second }) => [text(first), text(second)]))
      const ttlSeconds = Number(attributes['TTL'] ?? forever)
      return {
        name: text(name),
        ttlSeconds: ttlSeconds === forever ? undefined : ttlSeconds,
        versions: Number(attributes['VERSIONS'] ?? 1),
        bloomFilter: attributes['BLOOMFILTER'] ?? 'ROW',
        dataBlockEncoding: attributes['DATA_BLOCK_ENCODING'] ?? 'NONE',
        compression: attributes['COMPRESSION'] ?? 'NONE',
        blockSize: Number(attributes['BLOCKSIZE'] ?? 65_536),
        attributes,
      }
    }),
  }
}

/** Reads a table's name: `table`, or `namespace:table`. */
export function readTableName(name: { namespace: Uint8Array; qualifier: Uint8Array } | undefined): string {
  const namespace = text(name?.namespace ?? new Uint8Array())
  const qualifier = text(name?.qualifier ?? new Uint8Array())
  return namespace === 'default' ? qualifier : `${namespace}:${qualifier}`
}

function toFamilySchema(family: FamilySchema): {
  name: Buffer
  attributes: { first: Buffer; second: Buffer }[]
} {
  checkFields(`column family ${family.name}`, family, familyFields)
  if (!/^[^\p{Cc}:/.][^\p{Cc}:/]*$/u.test(family.name)) {
    throw new TypeError(`not a column family name: ${JSON.stringify(family.name)}`)
  }
  const attributes: Record<string, string | number | undefined> = {
    TTL: family.ttlSeconds,
    VERSIONS: family.versions,
    BLOOMFILTER: family.bloomFilter,
    DATA_BLOCK_ENCODING: family.dataBlockEncoding,
    COMPRESSION: family.compression,
    BLOCKSIZE: family.blockSize,
    ...family.attributes,
  }
  for (const name of ['TTL', 'VERSIONS', 'BLOCKSIZE']) {
    const value = attributes[name]
    if (typeof value === 'number' && !(Number.isInteger(value) && value > 0 && value <= forever)) {
      throw new TypeError(`${family.name}: ${name} must be a positive integer, got ${value}`)
    }
  }
  return {
    name: toBuffer(family.name),
    attributes: Object.entries(attributes)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ({ first: Buffer.from(name), second: Buffer.from(String(value)) })),
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}
