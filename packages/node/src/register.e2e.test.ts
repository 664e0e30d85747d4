import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createResolver, type WalkedHopJson } from '@hoptrace/core'
import { closedPort, exchange } from '@hoptrace/testkit'
import { build } from 'esbuild'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { tickKinds } from '../../core/src/e2e/tick-kinds.fixture.js'
import { built } from '../../../dev/built.mjs'

const register = built(new URL('register.ts', import.meta.url))
const fixture = (name: string): string => built(new URL(name, import.meta.url))

let dir: string
const children = new Set<ChildProcess>()
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-node-'))
})
afterEach(async () => {
  for (const child of children) {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
  }
  children.clear()
  await rm(dir, { recursive: true, force: true, maxRetries: 5 })
})

interface Application {
  readonly child: ChildProcess
  /** What it wrote on stderr so far. */
  readonly errors: () => string
  readonly ended: Promise<readonly [code: number | null, signal: string | null]>
}

/** Starts an application of the fixtures, or any other, with the hook if `hook` names how. */
function start(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Application {
  const { NODE_OPTIONS: _, ...inherited } = process.env
  const child = spawn(process.execPath, [...args], {
    cwd: dir,
    env: { ...inherited, HOPTRACE_DIR: path.join(dir, 'data'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  return { child, errors: () => errors, ended }
}

const hooked = (file: string, ...more: string[]): readonly string[] => ['--import', register, file, ...more]

/** The port that an application writes when it listens. */
async function portOf({ child, errors, ended }: Application): Promise<number> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => String(text)),
    ended.then(() => Promise.reject(new Error(`the application ended: ${errors()}`))),
  ])
  return (JSON.parse(line) as { port: number }).port
}

const bodyOf = async (port: number, from = '/'): Promise<string> =>
  (await exchange(port, { path: from })).body.toString()

/** The closed hops of a service, as soon as this number is there, and their calls have ended. */
function hopsOf(service: string, count: number): Promise<readonly WalkedHopJson[]> {
  return vi.waitFor(
    async () => {
      const resolver = createResolver({ dir: path.join(dir, 'data') })
      const hops: WalkedHopJson[] = []
      for await (const hop of resolver.range({ service, from: 0 })) hops.push(hop as WalkedHopJson)
      await resolver.close()
      expect(hops.filter(({ state }) => state === 'closed')).toHaveLength(count)
      expect(hops.flatMap(({ next }) => next.filter(({ outcome }) => outcome === null))).toEqual([])
      return hops
    },
    { timeout: 300_000, interval: 100 },
  )
}

const shown = (hops: readonly WalkedHopJson[]): unknown[] =>
  hops.map(({ route, status, next }) => [route, status, next.map(({ outcome }) => outcome)])

describe('node --import @hoptrace/node/register', () => {
  it('traces an ES module, and nothing of it changes', async () => {
    const app = start(hooked(fixture('app.fixture.mjs')), { HOPTRACE_SERVICE: 'orders' })
    expect(await bodyOf(await portOf(app))).toBe('leaf leaf')
    const hops = await hopsOf('orders', 3)
    expect(shown(hops)).toEqual([
      [null, 200, ['200', '200']],
      [null, 200, []],
      [null, 200, []],
    ])
    expect(new Set(hops.map(({ traceId }) => traceId)).size).toBe(1)
    expect(app.errors()).toBe('')
  })

  it('traces CommonJS on Express, with the templates of its routes', async () => {
    const app = start(hooked(fixture('app.fixture.cjs')), { HOPTRACE_SERVICE: 'orders' })
    expect(await bodyOf(await portOf(app), '/orders/42')).toBe('leaf')
    expect(shown(await hopsOf('orders', 2))).toEqual([
      ['/orders/:id', 200, ['200']],
      ['/leaf', 200, []],
    ])
    expect(app.errors()).toBe('')
  })

  it('keeps process.nextTick fast when a garbage collection finds none of its objects alive', async () => {
    const kinds = await tickKinds({ dir, flags: ['--import', register] })
    expect(kinds.length).toBeGreaterThan(0)
    expect(new Set(kinds)).toEqual(new Set(['MONOMORPHIC']))
  })

  it('is loaded once if it is named twice, and by NODE_OPTIONS in a process that serves nothing', async () => {
    const env = { HOPTRACE_SERVICE: 'orders', NODE_OPTIONS: `--import=${register}` }
    const app = start(hooked(fixture('app.fixture.mjs'), 'tool'), env)
    await bodyOf(await portOf(app))
    await hopsOf('orders', 3)
    expect(app.errors()).toBe('')
  })

  it.each(['thread', 'child'])('traces a server in a %s that inherits the hook', async (way) => {
    const env = { HOPTRACE_SERVICE: 'orders', NODE_OPTIONS: `--import=${register}` }
    const app = start([fixture('app.fixture.mjs'), way], env)
    await bodyOf(await portOf(app))
    await hopsOf('orders', 3)
    expect(app.errors()).toBe('')
  })

  it('leaves signals to the application, with and without a handler', async () => {
    for (const [way, expected] of [
      ['signals', [7, null]],
      ['plain', [null, 'SIGTERM']],
    ] as const) {
      const bare = start([fixture('app.fixture.mjs'), way], {})
      const traced = start(hooked(fixture('app.fixture.mjs'), way), { HOPTRACE_SERVICE: 'orders' })
      await bodyOf(await portOf(traced))
      await portOf(bare)
      for (const { child, ended } of [bare, traced]) {
        child.kill('SIGTERM')
        expect(await ended).toEqual(expected)
      }
    }
    expect(await hopsOf('orders', 6)).toHaveLength(6)
  })

  it.each([
    ['no service', {}, /HOPTRACE_SERVICE: service must be 1-64/],
    [
      'a store that is none',
      { HOPTRACE_SERVICE: 'orders', HOPTRACE_STORE: 'nowhere' },
      /HOPTRACE_STORE: a store is/,
    ],
    [
      'a bad number',
      { HOPTRACE_SERVICE: 'orders', HOPTRACE_WINDOW_MILLIS: 'soon' },
      /HOPTRACE_WINDOW_MILLIS: window/,
    ],
    [
      'a key that can be guessed',
      { HOPTRACE_SERVICE: 'orders', HOPTRACE_KEY: 'secret' },
      /HOPTRACE_KEY: the cluster key/,
    ],
    [
      'a directory that is a file',
      { HOPTRACE_SERVICE: 'orders', HOPTRACE_DIR: register },
      /HOPTRACE_DIR: dataDir/,
    ],
  ])('runs the application untraced with one warning: %s', async (_, env, warning) => {
    const app = start(hooked(fixture('app.fixture.mjs')), env)
    const port = await portOf(app)
    expect([await bodyOf(port), await bodyOf(port)]).toEqual(['leaf leaf', 'leaf leaf'])
    app.child.kill()
    await app.ended
    expect(app.errors()).toMatch(warning)
    expect(app.errors()).not.toContain('secret')
    expect(app.errors().match(/HOPTRACE_UNTRACED/g)).toHaveLength(1)
    expect(existsSync(path.join(dir, 'data/logs'))).toBe(false)
  })

  it('records with the tracer that the application creates, once for each request', async () => {
    const app = start(hooked(fixture('own.fixture.mjs')), { HOPTRACE_SERVICE: 'orders' })
    expect(await bodyOf(await portOf(app), '/orders/42')).toBe('{"same":true}')
    const [hop] = await hopsOf('own', 1)
    expect(hop).toMatchObject({ route: '/orders/:id', keys: { orderId: '42' } })
    expect(await hopsOf('orders', 0)).toEqual([])
    expect(app.errors()).toBe('')
  })

  it('leaves the answers of a library that patches the client as they are', async () => {
    const app = start(hooked(fixture('mocked.fixture.mjs')), { HOPTRACE_SERVICE: 'orders' })
    expect(await bodyOf(await portOf(app))).toBe('4')
    expect((await hopsOf('orders', 1))[0]).toMatchObject({ status: 200 })
    expect(app.errors()).toBe('')
  })

  it('records the requests of an application that OpenTelemetry instruments, and so does OpenTelemetry', async () => {
    const app = start(hooked(fixture('instrumented.fixture.cjs')), { HOPTRACE_SERVICE: 'orders' })
    const port = await portOf(app)
    expect(await bodyOf(port)).toBe('leaf')
    const hops = await hopsOf('orders', 2)
    expect(shown(hops)).toEqual([
      [null, 200, ['200']],
      [null, 200, []],
    ])
    expect(new Set(hops.map(({ traceId }) => traceId)).size).toBe(1)
    await vi.waitFor(
      async () =>
        expect((JSON.parse(await bodyOf(port, '/spans')) as number[]).slice(0, 3)).toEqual([1, 2, 1]),
      { timeout: 300_000 },
    )
    expect(app.errors()).toBe('')
  })

  it('records what the interceptors of msw let through', async () => {
    const app = start(hooked(fixture('intercepted.fixture.mjs')), { HOPTRACE_SERVICE: 'orders' })
    expect(await bodyOf(await portOf(app))).toBe('4 4 leaf leaf')
    const hops = await hopsOf('orders', 3)
    expect(new Set(hops.map(({ traceId }) => traceId)).size).toBe(1)
    expect(app.errors()).toBe('')
  })

  it('is loaded once by --require and --import, and with a second copy of it', async () => {
    const copy = path.join(dir, 'register.cjs')
    await build({
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      logLevel: 'silent',
      conditions: ['@hoptrace/source'],
      define: { 'import.meta.url': JSON.stringify(new URL(`file://${copy}`).href) },
      entryPoints: [fileURLToPath(new URL('register.ts', import.meta.url))],
      outfile: copy,
    })
    for (const [service, required, warnings] of [
      ['required', register, 0],
      // The copy comes first. It has no file of the shipping thread.
      ['copied', copy, 1],
    ] as const) {
      const args = ['--require', required, '--import', register, fixture('app.fixture.mjs')]
      const app = start(args, { HOPTRACE_SERVICE: service })
      expect(await bodyOf(await portOf(app))).toBe('leaf leaf')
      expect(shown(await hopsOf(service, 3))[0]).toEqual([null, 200, ['200', '200']])
      expect(app.errors().match(/HOPTRACE_\w+/g) ?? []).toHaveLength(warnings)
    }
  })

  it('traces a bundled application, and says once that one with hoptrace in its bundle is recorded by the hook alone', async () => {
    for (const [source, from, warnings] of [
      ['app.fixture.cjs', '/orders/42', 0],
      ['own.fixture.mjs', '/orders/42', 1],
    ] as const) {
      const outfile = path.join(dir, `${source}.bundle.cjs`)
      const bundled = { bundle: true, platform: 'node', format: 'cjs', logLevel: 'silent' } as const
      const define = { 'import.meta.url': JSON.stringify(new URL(`file://${outfile}`).href) }
      await build({ ...bundled, define, entryPoints: [fixture(source)], outfile })
      const service = `bundle-${warnings}`
      const app = start(hooked(outfile), { HOPTRACE_SERVICE: service })
      const port = await portOf(app)
      await bodyOf(port, from)
      await bodyOf(port, from)
      await hopsOf(service, warnings === 0 ? 4 : 2)
      app.child.kill()
      await app.ended
      expect(app.errors().match(/HOPTRACE_TWO_TRACERS/g) ?? []).toHaveLength(warnings)
    }
  })
})

describe('a public application: http-server, from npm, unchanged', () => {
  const program = createRequire(import.meta.url).resolve('http-server/bin/http-server')

  /** Starts it as its documentation says; the environment alone says that it is traced. */
  async function serve(service: string, ...args: string[]): Promise<number> {
    const port = await closedPort()
    const env = { HOPTRACE_SERVICE: service, NODE_OPTIONS: `--import=${register}` }
    const app = start([program, ...args, '-a', '127.0.0.1', '-p', String(port), '-s'], env)
    for (;;) {
      const ready = await exchange(port, { path: '/ready' }).catch(() => undefined)
      if (ready !== undefined) return port
      if (app.child.exitCode !== null) throw new Error(`http-server ended: ${app.errors()}`)
      await sleep(50)
    }
  }

  it('is traced through two of its processes, one of which is the proxy of the other', async () => {
    const files = path.join(dir, 'files')
    await mkdir(files)
    await mkdir(path.join(dir, 'none'))
    await writeFile(path.join(files, 'hello.txt'), 'hello')
    const behind = await serve('files', files)
    const front = await serve('front', path.join(dir, 'none'), '--proxy', `http://127.0.0.1:${behind}`)
    const answer = await exchange(front, { path: '/hello.txt' })
    expect([answer.status, answer.body.toString()]).toEqual([200, 'hello'])
    const [hop] = (await hopsOf('front', 2)).filter(({ status }) => status === 200)
    const resolver = createResolver({ dir: path.join(dir, 'data') })
    const { verdict, hops } = await resolver.resolve(hop?.traceId ?? '')
    await resolver.close()
    expect({ verdict, hops: hops.map(({ service, method, status }) => [service, method, status]) }).toEqual({
      verdict: 'completed',
      hops: [
        ['front', 'GET', 200],
        ['files', 'GET', 200],
      ],
    })
  })
})
