import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { openStore, type Row, type Store } from '@hoptrace/core/store'
import { createHBaseClient, type HBaseClient } from '@hoptrace/hbase-client'
import { startHBase, type HBaseInstance } from '@hoptrace/hbase-dev'
import { Kdc } from '@hoptrace/hbase-dev/kdc'
import { describeKerberos } from '@hoptrace/hbase-dev/suite'
import { storeKit } from '@hoptrace/testkit/store'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { built } from '../../../dev/built.mjs'

const day = 86_400
const row: Row = { key: Buffer.from('k'), value: Buffer.from('v') }

describeKerberos('the store', () => {
  let kdc: Kdc
  let hbase: HBaseInstance
  const stops: (() => Promise<void>)[] = []
  const left: Promise<unknown>[] = []
  beforeAll(async () => {
    kdc = await Kdc.start()
    stops.push(() => kdc.stop())
    Object.assign(process.env, kdc.env)
    await kdc.login(day)
    hbase = await startHBase({ name: `kerberos-${process.pid}`, kerberos: kdc.dir })
    stops.push(() => hbase.wipe())
  })
  afterAll(async () => {
    await Promise.allSettled(left)
    for (const name of Object.keys(kdc.env)) Reflect.deleteProperty(process.env, name)
    for (const stop of stops.toReversed()) await stop()
  })
  beforeEach(() => kdc.login(day))

  const client = (): HBaseClient =>
    createHBaseClient({ servers: hbase.url.replace('+kerberos', ''), kerberos: {} })
  const dropTable = async (table: string): Promise<void> => {
    await using one = client()
    if (!(await one.admin.tableExists(table))) return
    await one.admin.disableTable(table)
    await one.admin.deleteTable(table)
  }
  const open = (url: string, table = 'kerberos'): Store => {
    const store = openStore({ kind: 'hbase', url, table, buckets: 1 }, { dataDir: '.', service: 'kerberos' })
    onTestFinished(() => store.close())
    return store
  }
  const failureOf = async (url: string): Promise<string> => {
    try {
      await open(url).put([row])
    } catch (error) {
      return String(error)
    }
    return 'no failure'
  }

  storeKit({
    name: 'over RPC with Kerberos',
    create: async () => {
      if (left.length >= 8) await Promise.all(left.splice(0))
      const table = `kit_${randomUUID().slice(0, 8)}`
      const spec = { kind: 'hbase', url: hbase.url, table, buckets: 4 } as const
      return {
        connect: () => openStore(spec, { dataDir: '.', service: 'kit' }),
        away: async () => {
          const one = client()
          await one.admin.disableTable(table)
          return {
            back: async () => {
              await one.admin.enableTable(table)
              await one.close()
            },
          }
        },
        remove: async () => void left.push(dropTable(table)),
      }
    },
  })

  describe('whose process has or lacks what Kerberos needs', () => {
    // Tables are dropped in the background, with a ticket.
    beforeAll(async () => void (await Promise.all(left.splice(0))))

    it('says what to do if there is no ticket, and works once there is one', async () => {
      kdc.logout()
      const store = open(hbase.url)
      await expect(store.put([row])).rejects.toThrow(/Kerberos: .*there is no ticket: get one with kinit/)
      await kdc.login(day)
      await store.put([row])
    })

    it('says what to do if the ticket has expired', async () => {
      await kdc.login(1)
      await expect.poll(() => kdc.hasTicket()).toBe(false)
      expect(await failureOf(hbase.url)).toMatch(/the ticket has expired: get a new one with kinit/)
    })

    it('gets tickets by itself if it has a keytab', async () => {
      kdc.logout()
      process.env['KRB5_CLIENT_KTNAME'] = kdc.keytab('ada')
      onTestFinished(() => void Reflect.deleteProperty(process.env, 'KRB5_CLIENT_KTNAME'))
      expect(await failureOf(hbase.url)).toBe('no failure')
    })

    it('says what to do if the KDC is away, and works once it is back', async () => {
      await kdc.pause()
      const store = open(hbase.url)
      await expect(store.put([row])).rejects.toThrow(/Kerberos: .*start the KDC, or name it in krb5.conf/)
      await kdc.resume()
      await store.put([row])
    })

    it('says what to check if the KDC has no such server', async () => {
      process.env['HOPTRACE_KERBEROS_SERVICE'] = 'nobody'
      onTestFinished(() => void Reflect.deleteProperty(process.env, 'HOPTRACE_KERBEROS_SERVICE'))
      expect(await failureOf(hbase.url)).toMatch(
        /nobody\/localhost@HOPTRACE\.TEST not found in Kerberos database; .* check the service's name/,
      )
    })

    it('is refused with its reason if the server does not take its ticket', async () => {
      process.env['HOPTRACE_KERBEROS_SERVICE'] = 'other'
      onTestFinished(() => void Reflect.deleteProperty(process.env, 'HOPTRACE_KERBEROS_SERVICE'))
      expect(await failureOf(hbase.url)).toMatch(/the server refuses this Kerberos ticket/)
    })

    it('without Kerberos is told to use it', async () => {
      expect(await failureOf(hbase.url.replace('+kerberos', ''))).toMatch(
        /the server demands Kerberos.* begin the URL with hbase\+kerberos:/,
      )
    })

    it('refuses a server that would go on without Kerberos', async () => {
      const simple = await startHBase()
      onTestFinished(() => simple.stop())
      const url = simple.url.replace('hbase://127.0.0.1', 'hbase+kerberos://localhost')
      expect(await failureOf(url)).toMatch(
        /does not use Kerberos and would go on without, which this client refuses/,
      )
    })

    it('names the package to install if it is missing', async () => {
      const program = built(new URL('../../../dev/servers/src/reader.fixture.ts', import.meta.url))
      const env = { ...process.env, NODE_PATH: '' }
      await expect(
        promisify(execFile)(process.execPath, [program, hbase.url, 'makes'], { env }),
      ).rejects.toThrow(/npm install kerberos/)
    })

    // The last ones: they start the server again.
    it('authenticates with the new ticket when it connects again', async () => {
      await kdc.login(15)
      const store = open(hbase.url)
      await store.put([row])
      await expect.poll(() => kdc.hasTicket()).toBe(false)
      await kdc.login(day)
      await hbase.kill9()
      await hbase.restart()
      await store.put([row])
      expect(await store.scan({ from: Buffer.from('a'), to: Buffer.from('z'), limit: 9 })).toHaveLength(1)
    })

    it('refuses a server that demands privacy', async () => {
      await writeFile(path.join(kdc.dir, 'protection'), 'privacy')
      await hbase.kill9()
      await hbase.restart()
      expect(await failureOf(hbase.url)).toContain('the server demands hbase.rpc.protection = privacy')
    })
  })
})
