import { openStore, type Row, type Store } from '@hoptrace/core/store'
import { startServer, type RunningServer } from '@hoptrace/servers-dev'
import { describeRealServer } from '@hoptrace/servers-dev/suite'
import { serverStoreSuite } from '@hoptrace/servers-dev/store-suite'
import { createConnection, type Connection } from 'mysql2/promise'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'

serverStoreSuite('mysql')

describeRealServer('mysql', 'what only MySQL does', () => {
  let server: RunningServer
  let admin: Connection
  beforeAll(async () => {
    server = await startServer('mysql')
    admin = await createConnection(server.url)
  })
  afterAll(async () => {
    await admin.end()
    await server.wipe()
  })

  const connect = (service: string, url = server.url): Store => {
    const store = openStore({ kind: 'mysql', url }, { dataDir: '.', service })
    onTestFinished(() => store.close())
    return store
  }
  const rowOf = (key: string, bytes = 10): Row => ({ key: Buffer.from(key), value: Buffer.alloc(bytes, key) })
  const range = { from: Buffer.from('a'), to: Buffer.from('z'), limit: 100 }

  it('refuses a table of another program, and says what it found', async () => {
    await admin.query('CREATE TABLE `hoptrace.other` (id INT PRIMARY KEY, name TEXT)')
    await expect(connect('other').put([rowOf('a')])).rejects.toMatchObject({
      code: 'HOPTRACE_STORE_UNAVAILABLE',
      message: expect.stringContaining(
        "is none of hoptrace's: its columns are id int(11) PRI, name text",
      ) as string,
    })
    await admin.query(
      'CREATE TABLE `hoptrace.memory` (k VARBINARY(128) PRIMARY KEY, v VARBINARY(64)) ENGINE = MEMORY',
    )
    await expect(connect('memory').open()).rejects.toThrow("is none of hoptrace's")
  })

  it('rejects reads when its table was dropped, and is made again by the next put', async () => {
    const store = connect('dropped')
    await store.put([rowOf('a')])
    await admin.query('DROP TABLE `hoptrace.dropped`')
    await expect(store.scan(range)).rejects.toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
    await store.put([rowOf('b')])
    expect(await store.scan(range)).toHaveLength(1)
  })

  it('splits a put by the largest statement of the server, and names a row that is larger', async () => {
    await admin.query('SET GLOBAL max_allowed_packet = 1048576')
    onTestFinished(async () => void (await admin.query('SET GLOBAL max_allowed_packet = 16777216')))
    const store = connect('packets')
    await store.put(Array.from({ length: 40 }, (_, i) => rowOf(`k${i}`, 100_000)))
    expect(await store.scan(range)).toHaveLength(40)
    await expect(store.put([rowOf('b'), rowOf('big', 2_000_000)])).rejects.toMatchObject({
      code: 'HOPTRACE_STORE_UNAVAILABLE',
      message: expect.stringContaining('max_allowed_packet of 1048576 bytes') as string,
    })
    // None of a put that was refused.
    expect(await store.scan(range)).toHaveLength(40)
  })

  it('reads with a user who may only read, and says that this user may not write', async () => {
    await connect('shared').put([rowOf('a')])
    await admin.query(`GRANT SELECT ON hoptrace.* TO 'reader'@'%' IDENTIFIED BY 'reads'`)
    const url = server.url.replace(/\/\/.*@/, '//reader:reads@')
    const reader = connect('shared', url)
    // Other stores of this process on the same server have their own login again.
    onTestFinished(() => void connect('shared'))
    expect(await reader.scan(range)).toHaveLength(1)
    await expect(reader.put([rowOf('b')])).rejects.toMatchObject({
      code: 'HOPTRACE_STORE_UNAVAILABLE',
      message: expect.stringContaining('INSERT') as string,
    })
    await expect(connect('new', url).open()).rejects.toThrow('CREATE')
  })

  it('waits with a put until the server has a connection to give', async () => {
    await admin.query('SET GLOBAL max_connections = 10')
    onTestFinished(async () => void (await admin.query('SET GLOBAL max_connections = 100')))
    const taken: Connection[] = []
    for (let full = false; !full;)
      await createConnection(server.url).then(
        (connection) => taken.push(connection),
        () => (full = true),
      )
    const store = connect('crowded')
    await expect(store.open()).rejects.toMatchObject({
      code: 'HOPTRACE_STORE_UNAVAILABLE',
      message: expect.stringMatching(/too many connections/i) as string,
    })
    for (const connection of taken) await connection.end()
    await expect
      .poll(() =>
        store.put([rowOf('a')]).then(
          () => 'put',
          () => 'refused',
        ),
      )
      .toBe('put')
    expect(await store.scan(range)).toHaveLength(1)
  })
})
