import { describe, expect, it } from 'vitest'
import { createHBaseClient } from './index.js'

/** Nothing is sent: the client refuses a mistake of use before it asks a server. */
const client = createHBaseClient({ servers: 'hbase://127.0.0.1:1', timeoutMillis: 50 })
const table = client.table('t')
const cell = { row: 'r', family: 'f', qualifier: 'q', value: 'v' }
const any = <T>(value: unknown): T => value as T

describe('mistakes of use', () => {
  it('refuses an unknown operation of a batch, and does not delete', async () => {
    for (const type of ['increment', 'append', 'Put', undefined, null]) {
      await expect(table.batch([any({ ...cell, type })])).rejects.toThrow(
        /batch 0: there is no operation of type/,
      )
    }
  })

  it('refuses a delete with a misspelt field, and does not delete the row', async () => {
    await expect(table.delete([any({ row: 'r', column: 'f:q' })])).rejects.toThrow(
      /delete 0: there is no field "column"; the fields are row, family, qualifier, timestamp/,
    )
    await expect(table.delete([any({ row: 'r', qualifier: 'q' })])).rejects.toThrow(
      /a qualifier without a family/,
    )
    await expect(table.batch([any({ type: 'delete', row: 'r', ts: 1n })])).rejects.toThrow(/no field "ts"/)
  })

  it('refuses a put without a value, with other values than bytes, or with a timestamp that HBase would change', async () => {
    await expect(table.put([any({ ...cell, value: undefined })])).rejects.toThrow(
      /put 0, row "r": there is no value/,
    )
    await expect(table.put([any({ ...cell, value: 5 })])).rejects.toThrow(
      /expected bytes or a string, got number/,
    )
    await expect(table.put([any({ ...cell, row: undefined })])).rejects.toThrow(/put 0: there is no row key/)
    for (const timestamp of [-1n, 2n ** 63n, 5]) {
      await expect(table.put([any({ ...cell, timestamp })])).rejects.toThrow(
        /put 0, row "r": a timestamp is a bigint/,
      )
      await expect(table.delete([any({ row: 'r', timestamp })])).rejects.toThrow(
        /delete 0, row "r": a timestamp/,
      )
    }
  })

  it('refuses unknown options of a read, and does not read everything', async () => {
    for (const name of ['reversed', 'startRow', 'filter']) {
      await expect(table.scan(any({ [name]: true })).next()).rejects.toThrow(`there is no field "${name}"`)
      await expect(table.scanPage(any({ [name]: true }))).rejects.toThrow(`there is no field "${name}"`)
    }
    await expect(table.get('r', any({ version: 2 }))).rejects.toThrow(/no field "version"/)
    await expect(table.get('r', { versions: 0 })).rejects.toThrow(
      /get: versions: expected a positive integer/,
    )
    await expect(table.scan({ limit: 0 }).next()).rejects.toThrow(/scan: limit/)
    await expect(table.get('r', { columns: [any({ family: 'f', qualifier: 'q' })] })).rejects.toThrow(
      /column/,
    )
  })

  it('refuses invalid tables and clients', async () => {
    const create = (more: object) =>
      client.admin.createTable(any({ name: 't', families: [{ name: 'f' }], ...more }))
    await expect(create({ families: [{ name: 'f' }, { name: 'f' }] })).rejects.toThrow(
      /column family "f" is given twice/,
    )
    await expect(create({ splitKeys: ['a', Buffer.from('a')] })).rejects.toThrow(
      /split key "a" is given twice/,
    )
    await expect(create({ families: [{ name: 'f', ttl: 5 }] })).rejects.toThrow(/no field "ttl"/)
    expect(() => createHBaseClient(any({ servers: 'hbase://a:1', timeout: 5 }))).toThrow(/no field "timeout"/)
  })
})
