import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createResolver, type ResolveResult } from '@hoptrace/core'
import { decodeSegment, readSegmentHead } from '@hoptrace/core/store'
import { startHBase, type HBaseInstance } from '@hoptrace/hbase-dev'
import { describeRealHBase } from '@hoptrace/hbase-dev/suite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { hoptrace } from './command.js'
import { startLoad } from './load.js'
import { startTraced, type Traced } from './traced-process.js'

const modes = ['iterative', 'recursive'] as const

describeRealHBase('one chain over three stores: an embedded one, and two HBase clusters', () => {
  let east: HBaseInstance
  let west: HBaseInstance
  let dataDir: string
  const services: Traced[] = []
  let placed: string[] = []

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-decentral-'))
    east = await startHBase({ name: 'east', rest: true })
    west = await startHBase({ name: 'west' })
    // Each in a separate data directory, as on separate hosts.
    const dirOf = (name: string): string => path.join(dataDir, name)
    const payments = await startTraced({
      service: 'payments',
      store: { kind: 'hbase', url: west.url },
      dataDir: dirOf('payments'),
      maxLogBytes: 65_536,
    })
    const orders = await startTraced({
      service: 'orders',
      store: { kind: 'hbase', url: east.url },
      dataDir: dirOf('orders'),
      next: payments.url,
    })
    const gateway = await startTraced({
      service: 'gateway',
      store: { kind: 'level' },
      dataDir: dirOf('gateway'),
      next: orders.url,
    })
    services.push(gateway, orders, payments)
    placed = await place(300, 0)
    for (const service of services) await service.drained()
  })
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()))
    await Promise.all([east.wipe(), west.wipe()])
    await rm(dataDir, { recursive: true, force: true })
  })

  async function place(count: number, from: number): Promise<string[]> {
    const load = startLoad((services[0] as Traced).url, from)
    await load.reached(count)
    await load.stop()
    expect(load.wrong).toEqual([])
    return load.answered
  }

  async function resolve(id: string, mode: (typeof modes)[number]): Promise<ResolveResult> {
    const resolver = createResolver({
      dir: path.join(dataDir, 'gateway'),
      stores: [east.url, west.url],
      mode,
    })
    try {
      return await resolver.resolve(id)
    } finally {
      await resolver.close()
    }
  }

  const told = ({ hops }: ResolveResult): string[] => hops.map(({ service }) => service)

  it.each(modes)('is resolved in one %s question', async (mode) => {
    const result = await resolve(placed[0] ?? '', mode)
    expect(result).toMatchObject({ verdict: 'completed', partial: false })
    expect(told(result)).toEqual(['gateway', 'orders', 'payments'])
  })

  it('is in HBase as docs/storage-format.md says, whoever reads it', async () => {
    const scanner = await fetch(`${east.restUrl}/hoptrace.orders/scanner`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ batch: 1000 }),
    })
    const at = scanner.headers.get('location') ?? ''
    const page = await fetch(at, { headers: { accept: 'application/json' } })
    const { Row: rows } = (await page.json()) as { Row: RestRow[] }
    await fetch(at, { method: 'DELETE' })

    const segments = rows.filter(({ key }) => (Buffer.from(key, 'base64')[0] as number) < 0x80)
    expect(segments.length).toBeGreaterThan(0)
    const ids = new Set<string>()
    for (const { key: keyText, Cell: cells } of segments) {
      expect(cells).toHaveLength(1)
      expect(Buffer.from(cells[0]?.column ?? '', 'base64').toString()).toBe('h:v')
      const key = Buffer.from(keyText, 'base64')
      const value = Buffer.from(cells[0]?.$ ?? '', 'base64')
      const lane = key[24] as number
      expect(key).toHaveLength(lane === 0 ? 35 : 43)
      const [address, port] = (services[1] as Traced).address.split(':') as [string, string]
      expect([...key.subarray(9, 13)].join('.')).toBe(address)
      expect(key.readUInt16BE(13)).toBe(Number(port))
      expect(key[0]).toBe(saltOf(key.subarray(9, 16), 4))
      const head = readSegmentHead(value)
      expect(key.subarray(25, 35).toString('hex')).toBe(head.maxId.slice(0, 20))
      const window = key.readBigUInt64BE(1)
      expect(window % 500_000_000n).toBe(0n)
      const { records } = decodeSegment(value)
      expect(records).toHaveLength(head.count)
      expect(records[0]?.hopId).toBe(head.minId)
      expect(records.at(-1)?.hopId).toBe(head.maxId)
      for (const { hopId } of records) {
        const nanos = BigInt(`0x${hopId.slice(0, 16)}`)
        expect(nanos >= window && nanos < window + 500_000_000n).toBe(true)
        ids.add(hopId)
      }
    }
    expect(ids.size).toBe(placed.length)
    // In addition business keys, one row per hop.
    expect(rows.filter(({ key }) => Buffer.from(key, 'base64')[0] === 0xf0)).toHaveLength(placed.length)
  })

  it.each(modes)('is there for the command, which is given both clusters, %s', async (mode) => {
    const where = ['--dir', path.join(dataDir, 'gateway'), '--store', east.url, '--store', west.url]
    const resolved = await hoptrace('resolve', placed[0] ?? '', ...where, `--${mode}`)
    expect(resolved).toMatchObject({ code: 0, lines: [{ verdict: 'completed', partial: false }] })
    const key = await hoptrace('progress', 'n=payments-0', ...where, `--${mode}`)
    expect(key).toMatchObject({ code: 0, lines: [{ verdict: 'completed' }] })
  })

  it('is there for the command on a host that has nothing but the address of one cluster', async () => {
    const where = ['--dir', path.join(dataDir, 'nothing-here'), '--store', east.url]
    const { lines: instances } = await hoptrace('instances', ...where)
    expect(instances).toMatchObject([[{ service: 'orders', state: 'running' }]])
    const range = await hoptrace('range', 'orders', '--since', '10m', '--limit', '3', '--explain', ...where)
    expect(range.code).toBe(0)
    expect(range.lines.slice(0, 3)).toMatchObject(Array(3).fill({ service: 'orders', status: 200 }))
    const found = await hoptrace('find', 'n=orders-7', ...where)
    expect(found).toMatchObject({ code: 0, lines: [{ traceId: expect.any(String) as string }] })
    expect(placed).toContain((found.lines[0] as { traceId: string }).traceId)
    const unknown = await hoptrace('find', 'n=orders-nobody', ...where)
    expect(unknown).toEqual({ code: 3, lines: [] })
  })

  it('says in the cluster that a service has died, once its log is shipped by whoever shares its disk', async () => {
    const dir = path.join(dataDir, 'audit')
    const audit = await startTraced({
      service: 'audit',
      store: { kind: 'hbase', url: east.url },
      dataDir: dir,
    })
    await fetch(`${audit.url}/work/0`)
    await audit.drained()
    await fetch(`${audit.url}/work/1`)
    await audit.kill()
    const where = ['--dir', path.join(dataDir, 'nothing-here'), '--store', east.url]
    const shipped = await hoptrace('ship', dir)
    expect(shipped).toMatchObject({
      code: 0,
      lines: [{ shipped: [{ service: 'audit', hops: 1 }], left: [] }],
    })
    const { lines } = await hoptrace('instances', '--all', ...where)
    expect(lines[0]).toContainEqual(expect.objectContaining({ service: 'audit', state: 'dead' }))
    expect(await hoptrace('resolve', 'n=audit-1', ...where)).toMatchObject({
      code: 0,
      lines: [{ verdict: 'completed', hops: [{ source: 'store' }] }],
    })
  })

  it('is told but for the part whose cluster is down, and wholly when that is back', async () => {
    await west.kill9()
    for (const mode of modes) {
      const result = await resolve(placed[0] ?? '', mode)
      expect(told(result).slice(0, 2)).toEqual(['gateway', 'orders'])
      expect(told(result)).toHaveLength(2)
      expect(result.verdict).toBe('undetermined')
      expect(result.evidence.join('\n')).toContain(west.url)
    }
    // Until the log of payments is full: what it cannot keep is counted.
    const meanwhile: string[] = []
    const payments = services[2] as Traced
    for (let n = 1; (await payments.stats()).dropped === 0 && n < 40; n++) {
      meanwhile.push(...(await place(200, n * 10_000)))
    }
    meanwhile.push(...(await place(50, 900_000)))
    expect((await payments.stats()).dropped).toBeGreaterThan(0)

    await west.restart()
    for (const service of services) await service.drained()
    for (const mode of modes) {
      const again = await resolve(placed[0] ?? '', mode)
      expect(again.verdict).toBe('completed')
      expect(told(again)).toEqual(['gateway', 'orders', 'payments'])
    }
    // No request of that time is judged wrongly: it is complete, or dropped, and then the answer says so.
    const seen = { completed: 0, dropped: 0 }
    for (const id of [...meanwhile.slice(0, 20), ...meanwhile.slice(-20)]) {
      const { verdict, evidence, hops } = await resolve(id, 'iterative')
      if (verdict === 'completed') {
        expect(hops, evidence.join('\n')).toHaveLength(3)
        seen.completed++
      } else {
        expect(verdict).toBe('undetermined')
        expect(evidence.join('\n')).toContain('dropped here')
        seen.dropped++
      }
    }
    expect(seen.completed).toBeGreaterThan(0)
    expect(seen.dropped).toBeGreaterThan(0)
  })
})

interface RestRow {
  readonly key: string
  readonly Cell: readonly { readonly column: string; readonly $: string }[]
}

/** The salt as the document describes it. */
function saltOf(instance: Uint8Array, buckets: number): number {
  let hash = 0x811c9dc5
  for (const byte of instance) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return ((hash ^ (hash >>> 16)) >>> 0) % buckets
}
