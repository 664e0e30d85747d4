import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createTracer, type Tracer } from '@hoptrace/core'
import { fileRegistry } from '@hoptrace/core/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from './run-command.js'
import { fakeStream, seen } from './terminal.fixture.js'

describe('a slow walk', () => {
  let dir: string
  let tracer: Tracer
  let silent: Server
  const sockets = new Set<Socket>()

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-cli-slow-'))
    // An instance that accepts questions and never answers: the resolver waits a second for it.
    silent = createServer((socket) => void sockets.add(socket))
    const logDir = path.join(dir, 'logs', 'payments', '1-1-000000')
    await mkdir(logDir, { recursive: true })
    silent.listen(path.join(logDir, 'ask.sock'))
    await once(silent, 'listening')
    const address = '127.0.0.1:4002'
    tracer = createTracer({ service: 'reports', dataDir: dir, windowMillis: 200, graceMillis: 0 })
    const registry = fileRegistry(dir)
    await registry.put({
      service: 'payments',
      address,
      aliases: [],
      worker: 0,
      startNanos: 1n,
      host: 'elsewhere',
      pid: 1,
      endpoint: `http://${address}/_hoptrace/v1`,
      stores: [],
      buckets: 1,
      windowMillis: 1000,
      boot: '',
      logDir,
      loggedThrough: [0, 0],
      reached: [],
      heartbeatMillis: Date.now(),
      shippedThroughNanos: 0n,
      dropped: [],
      state: 'running',
    })
    await registry.close()
    tracer.run({ name: 'nightly' }, () => {
      tracer.hop?.setKey('orderId', '42')
      tracer.hop?.call(`http://${address}/pay`)
    })
    await tracer.flush()
  })

  afterAll(async () => {
    await tracer.close()
    for (const socket of sockets) socket.destroy()
    silent.close()
    await rm(dir, { recursive: true, force: true })
  })

  async function run(out: boolean, err: boolean, ...args: string[]) {
    const [to, beside] = [fakeStream(out), fakeStream(err)]
    const { signal } = new AbortController()
    const argv = ['resolve', 'orderId=42', '--dir', dir, ...args]
    const code = await runCommand(argv, {
      out: to.stream,
      err: beside.stream,
      env: { NO_COLOR: '1' },
      signal,
    })
    return { code, out: to.text(), err: beside.text() }
  }

  it('shows its position on a terminal, and erases it before the answer', async () => {
    const { code, out, err } = await run(true, true)
    expect(err).toContain('1 hop, now reports ...')
    expect(seen(err)).toBe('')
    expect(seen(out)).toContain('reports')
    expect(code).toBe(3)
  })

  it('shows it on stdout if only stdout is a terminal, and leaves no trace of it', async () => {
    const { out, err } = await run(true, false)
    expect(err).toBe('')
    expect(out).toContain('1 hop, now reports ...')
    const answer = seen(out)
    expect(answer).toContain('verdict')
    expect(answer).not.toContain('...')
  })

  it.each([
    ['in pipes', false, []],
    ['in JSON', true, ['--json']],
  ] as const)('shows no position %s', async (_, terminal, more) => {
    const { out, err } = await run(terminal, terminal, ...more)
    expect(err).toBe('')
    expect(out).not.toContain('\r')
    expect(out).not.toContain('now reports')
  })
})
