import { createServer } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { beginInbound, createTracer } from '../index.js'
import { IdGenerator } from '../id/index.js'
import { readRun } from '../log/read-run.js'
import { tempDir } from '../log/test-run.fixture.js'
import { listRunDirs } from '../rundir/index.js'
import { fileRegistry } from '../store/registry/file-registry.js'
import { contextOf } from './context.fixture.js'
import { adoptAll, eventually, send, TestService } from './test-service.fixture.js'

/** Passes connections on, as a published port does. */
async function forwarder(to: number): Promise<{ address: string; close: () => void }> {
  const server = net.createServer((client) => {
    const upstream = net.connect(to, '127.0.0.1')
    for (const socket of [client, upstream]) socket.on('error', () => undefined)
    client.pipe(upstream).pipe(client)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() }
}

describe('a request whose caller dialled a foreign address', () => {
  it('is in the log before its handler runs, each time', async () => {
    using dir = tempDir()
    const tracer = createTracer({ service: 'behind', dataDir: dir.path, store: { kind: 'memory' } })
    const found: Promise<boolean>[] = []
    const server = createServer((req, res) => {
      const inbound = beginInbound(tracer, req, res)
      const [runDir = ''] = runDirs
      // It reads what is there before its first wait.
      const log = readRun(runDir)
      found.push(log.then(({ hops }) => hops.some(({ hopId }) => hopId === inbound?.hop.id)))
      res.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const runDirs = await listRunDirs(dir.path)
    const ids = new IdGenerator()
    for (let times = 0; times < 3; times++) {
      const id = ids.assign({ ip: '10.9.0.1', port: 80 })
      await send(`http://127.0.0.1:${port}/`, contextOf(dir.path, id, 'cd'.repeat(16)))
    }
    expect(await Promise.all(found)).toEqual([true, true, true])
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await tracer.close()
  })
})

describe('an address that leads to a service', () => {
  it('is in its row soon, and after its death in the row that its adopter writes', async () => {
    using dir = tempDir()
    const options = { dataDir: dir.path, windowMillis: 500, graceMillis: 100 }
    await using front = await TestService.start({ service: 'front', port: 0, ...options })
    await using back = await TestService.start({ service: 'back', port: 0, ...options })
    const published = await forwarder(back.port)
    const other = await forwarder(back.port)
    const row = async () =>
      (await fileRegistry(dir.path).list()).rows.find(({ service }) => service === 'back')
    const call = (to: string) => send(`${front.url}/call?to=${encodeURIComponent(to)}`)
    try {
      await back.ask({ do: 'flush' })
      expect((await call(`http://${published.address}/ok`)).status).toBe(200)
      await eventually(async () => (await row())?.reached.includes(published.address) || undefined)
      expect((await row())?.address).toBe(`127.0.0.1:${back.port}`)
      const lost = call(`http://${other.address}/hang`)
      await back.hanging(1)
      await back.kill()
      await lost
      await adoptAll(dir.path)
      expect((await row())?.reached).toEqual([published.address, other.address])
    } finally {
      published.close()
      other.close()
    }
  })
})
