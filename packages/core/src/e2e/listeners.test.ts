import { createServer, type Server } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { beginInbound, createTracer, type Tracer, type TracerOptions } from '../index.js'
import { sign } from '../ask/sign.js'
import { clusterKeys, newClusterKey } from '../key/index.js'
import { tempDir } from '../log/test-run.fixture.js'
import { fileRegistry } from '../store/registry/file-registry.js'
import { runName, type InstanceRow } from '../record/instance-row.js'
import type { RunInfo } from '../rundir/run-info.js'
import { adoptAll, eventually, resolveIn, send, TestService } from './test-service.fixture.js'

function serverOf(tracer: Tracer): Server {
  return createServer((req, res) => {
    beginInbound(tracer, req, res)
    res.end(tracer.service)
  })
}

async function listen(server: net.Server, on: string | number = 0, host = '127.0.0.1'): Promise<string> {
  await new Promise<void>((resolve) => {
    if (typeof on === 'string') server.listen(on, resolve)
    else server.listen(on, host, resolve)
  })
  return typeof on === 'string' ? on : `${host}:${(server.address() as AddressInfo).port}`
}

interface Setup {
  readonly dir: string
  readonly tracerOf: (options?: Partial<TracerOptions>) => Tracer
  readonly listening: (server: net.Server, on?: string | number) => Promise<string>
  readonly rows: () => Promise<readonly InstanceRow[]>
}

async function withTracers(test: (setup: Setup) => Promise<void>): Promise<void> {
  using dir = tempDir()
  const tracers: Tracer[] = []
  const servers: net.Server[] = []
  try {
    await test({
      dir: dir.path,
      tracerOf: (options = {}) => {
        const tracer = createTracer({
          service: 'orders',
          dataDir: dir.path,
          store: { kind: 'memory' },
          ...options,
        })
        tracers.push(tracer)
        return tracer
      },
      listening: (server, on) => {
        servers.push(server)
        return listen(server, on)
      },
      rows: async () => (await fileRegistry(dir.path).list()).rows,
    })
  } finally {
    for (const tracer of tracers) await tracer.close()
    for (const server of servers) server.close()
  }
}

describe('the addresses of a process', () => {
  it('are registered when it listens, before its first request', () =>
    withTracers(async ({ tracerOf, listening, rows }) => {
      const at = await listening(serverOf(tracerOf()))
      const endpoint = `http://${at}/_hoptrace/v1`
      expect(await rows()).toMatchObject([{ address: at, aliases: [], endpoint, state: 'running' }])
    }))

  it('are those of all its sockets; the endpoint is where traced requests are served', () =>
    withTracers(async ({ tracerOf, listening, rows }) => {
      const tracer = tracerOf()
      const admin = await listening(createServer((_, res) => res.end()))
      const raw = await listening(net.createServer())
      const main = await listening(serverOf(tracer))
      await send(`http://${main}/`)
      const row = await eventually(async () => {
        const [found] = await rows()
        return found?.endpoint === `http://${main}/_hoptrace/v1` ? found : undefined
      })
      expect(row).toMatchObject({ address: admin, aliases: [raw, main] })
      expect(tracer.currentRun.address).toBe(admin)
    }))

  it('are not named by requests without a TCP port', () =>
    withTracers(async ({ dir, tracerOf, listening, rows }) => {
      const tracer = tracerOf()
      const socketPath = await listening(serverOf(tracer), path.join(dir, 'app.sock'))
      await new Promise<void>((resolve, reject) => {
        const socket = net.connect(socketPath, () => socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'))
        socket.once('data', () => resolve(void socket.destroy()))
        socket.once('error', reject)
      })
      expect(tracer.currentRun).toMatchObject({ listening: false })
      expect(tracer.currentRun.address).toMatch(/^241\./)
      const at = await listening(serverOf(tracer))
      expect(tracer.currentRun.address).toBe(at)
      expect((await rows()).map(({ endpoint }) => endpoint)).toContain(`http://${at}/_hoptrace/v1`)
    }))

  it('have the given one on top, which is the only one of a process that does not listen', () =>
    withTracers(async ({ tracerOf, listening }) => {
      const tracer = tracerOf({ address: '192.0.2.7:80' })
      tracer.run({ name: 'job' }, () => undefined)
      expect(tracer.currentRun.info).toMatchObject({ address: '192.0.2.7:80', aliases: [] })
      const at = await listening(serverOf(tracer))
      expect(tracer.currentRun.info).toMatchObject({ address: at, aliases: ['192.0.2.7:80'] })
      expect(tracer.currentRun.info?.endpoint).toBe('http://192.0.2.7:80/_hoptrace/v1')
    }))

  it('are told apart when several tracers share the process: a server belongs to the one that it serves', () =>
    withTracers(async ({ tracerOf, listening }) => {
      const one = tracerOf({ service: 'one' })
      const other = tracerOf({ service: 'other' })
      const [first, second] = [await listening(serverOf(one)), await listening(serverOf(other))]
      expect([one.currentRun.address, other.currentRun.address]).toEqual(['', ''])
      await send(`http://${second}/`)
      await send(`http://${first}/`)
      expect([one.currentRun.address, other.currentRun.address]).toEqual([first, second])
    }))

  it('are given up to a tracer that begins later and serves them', () =>
    withTracers(async ({ tracerOf, listening }) => {
      const caller = tracerOf({ service: 'caller' })
      const later: { tracer?: Tracer } = {}
      const at = await listening(
        createServer((req, res) => {
          if (later.tracer !== undefined) beginInbound(later.tracer, req, res)
          res.end()
        }),
      )
      expect(caller.currentRun.address).toBe(at)
      later.tracer = tracerOf({ service: 'later' })
      await send(`http://${at}/`)
      expect(later.tracer.currentRun.address).toBe(at)
      caller.run({ name: 'job' }, () => undefined)
      expect(caller.currentRun.address).toMatch(/^241\./)
    }))
})

describe('a server that listens before its tracer exists', () => {
  it('answers the first question, and gives its paths back when the tracer is closed', () =>
    withTracers(async ({ tracerOf, listening }) => {
      const seen: (string | undefined)[] = []
      const at = await listening(createServer((req, res) => void res.end(String(seen.push(req.url)))))
      const clusterKey = newClusterKey()
      const tracer = tracerOf({ clusterKey })
      tracer.run({ name: 'job' }, () => undefined)
      const run = runName(tracer.currentRun.info as RunInfo)
      const target = `/_hoptrace/v1/instance?run=${encodeURIComponent(run)}`
      const asked = { method: 'GET', host: hostname(), run, target }
      const answer = await eventually(async () => {
        const response = await fetch(`http://${at}${target}`, {
          headers: sign(clusterKeys(clusterKey, true), asked),
        })
        return response.status === 200 ? ((await response.json()) as { service: string }) : undefined
      })
      expect(answer.service).toBe('orders')
      expect((await fetch(`http://${at}${target}`)).status).toBe(401)
      expect(seen).toEqual([])
      await fetch(`http://${at}/mine`)
      await tracer.close()
      await fetch(`http://${at}${target}`)
      expect(seen).toEqual(['/mine', target])
    }))
})

describe('a service that is killed by the first request that it ever takes', () => {
  it('is registered, and the request is said to have ended there', async () => {
    using dir = tempDir()
    const options = { dataDir: dir.path, windowMillis: 500, graceMillis: 100 }
    await using front = await TestService.start({ service: 'front', port: 0, ...options })
    await using victim = await TestService.start({ service: 'victim', port: 0, ...options })
    const lost = send(`${front.url}/call?order=1&to=${encodeURIComponent(`${victim.url}/hang`)}`)
    await victim.hanging(1)
    await victim.kill()
    await lost
    expect((await fileRegistry(dir.path).list()).rows.map(({ service }) => service)).toContain('victim')
    await adoptAll(dir.path)
    const result = await eventually(async () => {
      const found = await resolveIn(dir.path, 'orderId=1')
      return found.verdict === 'undetermined' ? undefined : found
    })
    expect(result).toMatchObject({ verdict: 'died', endedAt: { service: 'victim' } })
  })
})
