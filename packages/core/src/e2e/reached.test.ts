import net, { type AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { tempDir } from '../log/test-run.fixture.js'
import { fileRegistry } from '../store/registry/file-registry.js'
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

describe('an address that leads to a service', { timeout: 120_000 }, () => {
  it('is in its row soon, and after its death in the row that its adopter writes', async () => {
    using dir = tempDir()
    const options = { dataDir: dir.path, windowMillis: 500, graceMillis: 100 }
    await using front = await TestService.start({ service: 'front', port: 0, ...options })
    await using back = await TestService.start({ service: 'back', port: 0, ...options })
    const published = await forwarder(back.port)
    const other = await forwarder(back.port)
    const row = async () => (await fileRegistry(dir.path).list()).find(({ service }) => service === 'back')
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
