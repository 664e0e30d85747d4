import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { beginInbound, createResolver, createTracer, type Hop } from '../index.js'
import { IdGenerator } from '../id/index.js'
import { tempDir } from '../log/test-run.fixture.js'
import { send } from './test-service.fixture.js'
import { contextOf } from './context.fixture.js'

describe('a request that a proxy sends again with the same headers', () => {
  it.each(['still open', 'closed'])('has an id of its own when the first one is %s', async (first) => {
    using dir = tempDir()
    const tracer = createTracer({ service: 'behind-proxy', dataDir: dir.path, store: { kind: 'memory' } })
    const hops: Hop[] = []
    const release: (() => void)[] = []
    const server = createServer((req, res) => {
      const inbound = beginInbound(tracer, req, res)
      if (inbound === undefined) return
      hops.push(inbound.hop)
      if (first === 'still open' && hops.length === 1) release.push(() => res.writeHead(500).end())
      else res.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const id = new IdGenerator().assign({ ip: '127.0.0.1', port })
    const headers = contextOf(dir.path, id, 'cd'.repeat(16))
    const one = send(`http://127.0.0.1:${port}/`, headers)
    while (hops.length < 1) await new Promise((resolve) => setImmediate(resolve))
    if (first === 'closed') await one
    expect((await send(`http://127.0.0.1:${port}/`, headers)).status).toBe(200)
    for (const letGo of release) letGo()
    await one
    expect(hops.map((hop) => hop.id === id)).toEqual([true, false])
    expect(hops[1]).toMatchObject({ assignedId: id, traceId: 'cd'.repeat(16) })

    const resolver = createResolver({ dir: dir.path })
    for (const [index, hop] of hops.entries()) {
      const { hops: found } = await resolver.resolve(hop.id)
      const record = found.find(({ hopId }) => hopId === hop.id)
      expect(record?.status).toBe(first === 'still open' && index === 0 ? 500 : 200)
    }
    await resolver.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await tracer.close()
  })
})
