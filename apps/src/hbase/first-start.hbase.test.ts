import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startHBase, type HBaseInstance } from '@hoptrace/hbase-dev'
import { describeRealHBase } from '@hoptrace/hbase-dev/suite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTraced } from './traced-process.js'

describeRealHBase('services that start first with a healthy HBase', () => {
  let hbase: HBaseInstance
  let dataDir: string
  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-first-'))
    hbase = await startHBase({ name: 'first-start' })
  })
  afterAll(async () => {
    await hbase.wipe()
    await rm(dataDir, { recursive: true, force: true })
  })

  it('make their tables, and warn of nothing', async () => {
    const names = ['gateway', 'orders', 'payments', 'inventory', 'shipping']
    const services = await Promise.all(
      names.map((service) =>
        startTraced({
          service,
          store: { kind: 'hbase', url: hbase.url },
          dataDir: path.join(dataDir, service),
        }),
      ),
    )
    try {
      for (const { url } of services) expect((await fetch(`${url}/work/1`)).status).toBe(200)
      for (const service of services) expect((await service.drained()).shipped).toBeGreaterThan(0)
    } finally {
      await Promise.all(services.map((service) => service.stop()))
    }
    for (const service of services) expect(service.output()).toBe('')
  })
})
