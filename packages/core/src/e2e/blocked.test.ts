import path from 'node:path'
import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { tempDir } from '../log/test-run.fixture.js'
import { fileRegistry } from '../store/registry/file-registry.js'
import { eventually, resolveIn, send, TestService } from './test-service.fixture.js'

const quick = { windowMillis: 500, graceMillis: 100 }

/** What the service itself says of itself. */
async function instanceOf(dataDir: string): Promise<{ blockedSince?: number } | undefined> {
  const registry = fileRegistry(dataDir)
  const [row] = (await registry.list()).rows
  await registry.close()
  if (row === undefined) return undefined
  const socketPath = path.resolve(dataDir, row.logDir, 'ask.sock')
  return new Promise((resolve) => {
    const req = request({ socketPath, path: '/_hoptrace/v1/instance' }, (res) => {
      let text = ''
      res.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      res.on('end', () => resolve(JSON.parse(text) as { blockedSince?: number }))
    })
    req.on('error', () => resolve(undefined))
    req.end()
  })
}

describe('a service whose event loop is blocked', () => {
  it('still answers, and says since when', async () => {
    using dir = tempDir()
    await using service = await TestService.start({ service: 'stuck', dataDir: dir.path, port: 0, ...quick })
    expect((await send(`${service.url}/ok`)).status).toBe(200)
    expect(await eventually(() => instanceOf(dir.path))).not.toHaveProperty('blockedSince')
    const before = Date.now()
    const blocked = send(`${service.url}/block?order=7&millis=15000`, {}, 60_000)
    const told = await eventually(async () => {
      const instance = await instanceOf(dir.path)
      return instance?.blockedSince === undefined ? undefined : instance
    })
    expect(told.blockedSince).toBeGreaterThan(before - 500)
    expect(told.blockedSince).toBeLessThan(Date.now())
    const answer = await resolveIn(dir.path, 'orderId=7')
    expect(answer).toMatchObject({ verdict: 'running', hops: [{ state: 'open', source: 'live' }] })
    expect((await blocked).status).toBe(200)
    await eventually(async () => {
      const instance = await instanceOf(dir.path)
      return instance !== undefined && !('blockedSince' in instance) ? instance : undefined
    })
  })
})
