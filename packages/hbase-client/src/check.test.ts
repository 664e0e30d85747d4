import { describe, expect, it } from 'vitest'
import { createHBaseClient } from './index.js'

/** Nothing is sent: the client refuses a mistake of use before it asks a server. */
const client = createHBaseClient({ servers: 'hbase://127.0.0.1:1', timeoutMillis: 50 })
const table = client.table('t')
const cell = { row: 'r', family: 'f', qualifier: 'q', value: 'v' }
const any = <T>(value: unknown): T => value as T

describe('mistakes of use', () => {
  it('refuses an unknown operation of a batch, and does not delete', async () => {
    for (const operation of [null, undefined, 'delete'])
      await expect(table.batch([any(operation)])).rejects.toThrow(/batch 0: expected an object/)
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
    // Inherited fields are read, and so they are checked.
    await expect(
      table.delete([any(Object.assign(Object.create({ column: 'f:q' }), { row: 'r' }))]),
    ).rejects.toThrow(/no field "column"/)
  })

  it.each(['family', 'qualifier', 'timestamp'])(
    'refuses a delete whose %s is undefined, and does not delete more than was meant',
    async (name) => {
      const wide = { row: 'r', family: 'f', qualifier: 'q', [name]: undefined }
      for (const deleted of [table.delete([any(wide)]), table.batch([any({ ...wide, type: 'delete' })])])
        await expect(deleted).rejects.toThrow(`${name} is undefined; leave it out`)
    },
  )

  it('takes the fields that an operation of a batch inherits, as a delete does', async () => {
    class Column {
      readonly type = 'delete'
      readonly row = 'r'
      get family(): string {
        return ''
      }
    }
    await expect(table.batch([new Column()])).rejects.toThrow(/a family name of 0 bytes/)
    await expect(table.delete([any(Object.assign(new Column(), { type: undefined }))])).rejects.toThrow(
      '"type"',
    )
  })

  it('refuses what is no list', async () => {
    for (const value of [null, undefined, 'r', { row: 'r' }, new Set()]) {
      for (const done of [table.put(any(value)), table.delete(any(value)), table.batch(any(value))])
        await expect(done).rejects.toThrow(/expected an array/)
    }
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
    for (const name of [null, undefined, 5, ['t'], '', 'a/b'])
      expect(() => client.table(any(name))).toThrow(/not a table name/)
    expect(() => createHBaseClient(any({ servers: 'hbase://a:1', timeout: 5 }))).toThrow(/no field "timeout"/)
    const kerberos = (options: object, user?: string) => () =>
      createHBaseClient(any({ servers: 'hbase://a:1', kerberos: options, ...(user && { user }) }))
    expect(kerberos({ principal: 'hbase/_HOST@A' })).toThrow(/no field "principal"/)
    expect(kerberos({ service: 'hbase/_HOST@A' })).toThrow(/expected the first part of a principal/)
    expect(kerberos({}, 'ada')).toThrow(/leave user out/)
  })
})
