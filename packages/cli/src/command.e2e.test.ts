import { once } from 'node:events'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { checkClusterKey, createTracer, newClusterKey, type Tracer } from '@hoptrace/core'
import { hoptrace as hoptraceOf } from '@hoptrace/express'
import express, { type ErrorRequestHandler } from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, hoptrace, startHoptrace } from './command.fixture.js'

const UNKNOWN_ID = '18a2b3c4d5e6f70800000000000007f0'

describe('the hoptrace command', () => {
  let dir: string
  let tracer: Tracer
  let traceId = ''
  let server: Server

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-cli-'))
    tracer = createTracer({ service: 'reports', dataDir: dir, windowMillis: 200, graceMillis: 0 })
    const app = express().use(hoptraceOf(tracer))
    app.get('/nightly', (_req, res) => {
      traceId = tracer.hop?.traceId ?? ''
      tracer.hop?.setKey('orderId', '42')
      tracer.hop?.setKey('cafe\u0301', 'e\u0301te\u0301')
      tracer.hop?.event('report.written', { pages: 3 })
      res.end('done')
    })
    app.get('/bulk', (_req, res) => void res.end('done'))
    app.get('/broken', () => {
      tracer.hop?.setKey('orderId', '43')
      throw new RangeError('page 0')
    })
    app.get('/long', () => {
      tracer.hop?.setKey('orderId', '44')
      tracer.hop?.event('report.begun')
    })
    const quiet: ErrorRequestHandler = (_error, _req, res, _next) => void res.status(500).end()
    app.use(quiet)
    server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await (await fetch(`${url}/nightly`)).text()
    for (let index = 0; index < 1000; index++) await (await fetch(`${url}/bulk`)).text()
    await (await fetch(`${url}/broken`)).text()
    fetch(`${url}/long`).catch(() => undefined)
    await once(server, 'request')
    await tracer.flush()
  })

  afterAll(async () => {
    server.close()
    server.closeAllConnections()
    await tracer.close()
    await rm(dir, { recursive: true, force: true })
  })

  const ask = (...args: string[]) => hoptrace([...args, '--dir', dir])

  describe('resolve', () => {
    it('prints the walk and the verdict of a completed request, and exits with 0', async () => {
      const { code, stdout, stderr } = await ask('resolve', 'orderId=42')
      expect(stdout).toContain('✔ reports')
      expect(stdout).toMatch(/report\.written {2}pages=3/)
      expect(stdout).toMatch(/verdict {3}completed: 1 hop/)
      expect(stdout).not.toContain('\u001b')
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    })

    it('takes an id or a key, recursive or iterative, with the same result', async () => {
      const [byKey, byId] = await Promise.all([
        ask('resolve', 'orderId=42', '--json', '--recursive'),
        ask('--iterative', '--json', 'resolve', traceId),
      ])
      const [one, other] = [byKey, byId].map(({ stdout }) => JSON.parse(stdout) as Record<string, unknown>)
      expect(one).toMatchObject({ traceId, verdict: 'completed' })
      expect(other).toMatchObject({ traceId, verdict: 'completed' })
    })

    it('exits with 1 for a failed request, and quotes the error', async () => {
      const { code, stdout } = await ask('resolve', 'orderId=43')
      expect(stdout).toContain('RangeError: page 0')
      expect(code).toBe(1)
    })

    it('exits with 4 while the request runs', async () => {
      const { code, stdout } = await ask('resolve', 'orderId=44')
      expect(stdout).toContain('running in reports')
      expect(code).toBe(4)
    })

    it.each([UNKNOWN_ID, 'orderId=nobody'])('exits with 3 and says not found for %s', async (subject) => {
      const text = await ask('resolve', subject)
      expect(text.stdout).toContain('not found')
      expect(text.code).toBe(3)
      const json = await ask('resolve', subject, '--json')
      expect(JSON.parse(json.stdout)).toMatchObject({ verdict: 'not-found', hops: [], endedAt: null })
      expect(json.code).toBe(3)
    })
  })

  describe('used wrongly, exits with 2, says what to do, and prints no stack', () => {
    it.each([
      [['resolve'], 'missing required argument'],
      [['resolve', 'nonsense'], 'an id has 32 hex digits'],
      [['resolve', 'orderId=1', 'more'], 'too many arguments'],
      [['nonsense'], 'unknown command'],
      [['resolve', 'orderId=1', '--nonsense'], 'unknown option'],
      [['resolve', 'orderId=1', '--recursive', '--iterative'], 'cannot be used with'],
      [['resolve', 'orderId=1', '--timeout', 'soon'], 'durations look like'],
      [['resolve', 'orderId=1', '--store', 'oracle://x'], 'stores look like'],
      [['find', UNKNOWN_ID], 'a key looks like'],
      [['find', 'orderId=1', '--limit', 'none'], 'positive whole number'],
      [['range', 'reports', '--since', '2026-02-31'], 'times look like'],
      [['range', 'reports', '--since', '2026-11-25junk'], 'times look like'],
      [
        ['resolve', 'orderId=1', '--dir', '/nowhere', '--dir', '/nowhere/else'],
        '--dir is given more than once',
      ],
      [['range', 'reports', '--since', '1m', '--until', '2m'], 'is not before'],
      [['range', 'reports', '--status', 'bad'], 'a status is'],
      [['progress', 'orderId=44', '--follow', '--every', '0s'], 'from 10ms to 60s'],
      [['progress', 'orderId=44', '--follow', '--every', '365d'], 'from 10ms to 60s'],
      [['resolve', 'orderId=1', '--timeout', '0s'], 'from 1ms to 24d'],
      [['id', 'orderId=1'], 'an id has 32 hex digits'],
      [['resolve', 'orderId=1', '--dir', '/nowhere/at/all'], 'there is no data directory /nowhere/at/all'],
      [['ship', '/nowhere/at/all'], 'there is no data directory /nowhere/at/all'],
    ])('%j', async (args, says) => {
      const { code, stdout, stderr } = await hoptrace(
        args.includes('--dir') || args[0] === 'ship' ? args : [...args, '--dir', dir],
      )
      expect(stderr).toContain(says)
      expect(stderr).not.toMatch(/\n\s+at /)
      expect(stdout).toBe('')
      expect(code).toBe(2)
    })
  })

  it.each([
    [['resolve', 'nonsense'], 2, 'HOPTRACE_USAGE'],
    [['resolve'], 2, 'HOPTRACE_USAGE'],
    [['resolve', UNKNOWN_ID, '--store', 'level:/nowhere/at/all'], 3, 'HOPTRACE_STORE_UNAVAILABLE'],
    [['progress', UNKNOWN_ID, '--store', 'level:/nowhere/at/all'], 3, 'HOPTRACE_STORE_UNAVAILABLE'],
    [['find', 'a=b', '--store', 'level:/nowhere/at/all'], 3, 'HOPTRACE_STORE_UNAVAILABLE'],
    [['range', 'reports', '--store', 'level:/nowhere/at/all'], 3, 'HOPTRACE_STORE_UNAVAILABLE'],
    [['instances', '--store', 'level:/nowhere/at/all'], 3, 'HOPTRACE_STORE_UNAVAILABLE'],
    [['instances', '--dir', '/nowhere/at/all'], 2, 'HOPTRACE_USAGE'],
    [['ship', '/nowhere/at/all'], 2, 'HOPTRACE_USAGE'],
    [['id', 'nonsense'], 2, 'HOPTRACE_USAGE'],
    [['key', 'more'], 2, 'HOPTRACE_USAGE'],
    [['nonsense'], 2, 'HOPTRACE_USAGE'],
    [['find', 'a=b', '--nonsense'], 2, 'HOPTRACE_USAGE'],
    [[], 2, 'HOPTRACE_USAGE'],
  ])('says with --json in JSON what went wrong: %j', async (args, exit, says) => {
    const { code, stdout, stderr } = await hoptrace([...args, '--json'])
    expect(stdout).toBe('')
    const said = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { error?: { code: string; message: string } })
    const { error } = said.at(-1) ?? {}
    expect(error?.code).toBe(says)
    expect(error?.message).toMatch(/^[\w'][^()]{5}/)
    expect(code).toBe(exit)
  })

  it('takes an id in every form in which people have it', async () => {
    const dashed = traceId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    const forms = [
      traceId.toUpperCase(),
      `0x${traceId}`,
      dashed,
      `traceparent: 00-${traceId}-00f067aa0ba902b7-01`,
    ]
    for (const form of forms) {
      const { stdout } = await ask('resolve', form, '--json')
      expect(JSON.parse(stdout)).toMatchObject({ traceId, verdict: 'completed' })
    }
    const id = await ask('id', forms[2] ?? '', '--json')
    expect(JSON.parse(id.stdout)).toMatchObject({ id: traceId })
    const after = await ask('range', 'reports', '--after', `0x${traceId}`, '--limit', '1', '--json')
    expect(after.stdout).toContain('"service":"reports"')
    expect(after.stdout).not.toContain(traceId)
  })

  it('finds a key however its letters are composed', async () => {
    const one = await ask('find', 'caf\u00e9=\u00e9t\u00e9', '--json')
    const other = await ask('find', 'cafe\u0301=e\u0301te\u0301', '--json')
    expect(one.code).toBe(0)
    expect(other.stdout).toBe(one.stdout)
  })

  it('does not end like silence when a service is unknown, or a route', async () => {
    const service = await ask('range', 'report')
    expect(service.stderr).toContain('no instance of a service report is registered; registered are: reports')
    expect(service.code).toBe(3)
    const route = await ask('range', 'reports', '--route', '/nightlies')
    expect(route.stderr).toContain('reports has no hop with the route /nightlies there; its routes there: /')
    expect(route.stderr).toContain('/nightly')
    expect(route.code).toBe(3)
    const known = await ask('range', 'reports', '--route', '/nightly', '--status', 'error')
    expect(known.stderr).toContain('nothing between 10m and now that fits')
    expect(known.code).toBe(0)
    const json = await ask('range', 'report', '--json')
    expect(JSON.parse(json.stderr)).toEqual({ warning: expect.stringContaining('no instance') as string })
  })

  it('takes the times that it printed', async () => {
    const { stdout } = await ask('range', 'reports', '--route', '/nightly')
    const [time = ''] = stdout.split('  ')
    expect(time).toMatch(/Z$/)
    const again = await hoptrace(['range', 'reports', '--since', time, '--limit', '1', '--dir', dir], {
      TZ: 'Asia/Tokyo',
    })
    expect(again.stdout).toContain(time)
  })

  const away = ['level:/nowhere/at/all', 'hbase://127.0.0.1:1']
  it.each(away)('exits with 3 and says that %s is unavailable', async (store) => {
    const { code, stderr } = await hoptrace(['resolve', UNKNOWN_ID, '--store', store, '--timeout', '3s'])
    expect(stderr).toContain('HOPTRACE_STORE_UNAVAILABLE')
    expect(code).toBe(3)
  })

  it('lists the traces of a key, and exits with 3 if there is none', async () => {
    const found = await ask('find', 'orderId=42', '--json')
    expect(
      found.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([expect.objectContaining({ traceId })])
    expect(found.code).toBe(0)
    const none = await ask('find', 'orderId=nobody')
    expect({ stdout: none.stdout, code: none.code }).toEqual({ stdout: '', code: 3 })
  })

  it('prints one timeline of events', async () => {
    const { stdout, code } = await ask('progress', 'orderId=42')
    expect(stdout).toMatch(/report\.written +pages=3/)
    expect(stdout).toContain('completed')
    expect(code).toBe(0)
  })

  it('follows a running request until Ctrl-C, without an error', async () => {
    const child = startHoptrace(['progress', 'orderId=44', '--follow', '--json', '--dir', dir])
    const end = ended(child)
    await once(child.stdout ?? child, 'data')
    child.kill('SIGINT')
    const { code, stdout, stderr } = await end
    expect(stdout).toContain('"report.begun"')
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' })
  })

  it('lists the requests of a service, page by page', async () => {
    const first = await ask('range', 'reports', '--json', '--limit', '2')
    const rows = first.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { hopId: string })
    expect(rows.map((row) => row.hopId)).toEqual(rows.map((row) => row.hopId).sort())
    expect(rows).toHaveLength(2)
    const second = await ask('range', 'reports', '--json', '--limit', '2', '--after', rows[1]?.hopId ?? '')
    expect(JSON.parse(second.stdout.split('\n')[0] ?? '')).toMatchObject({ service: 'reports' })
    expect(second.stdout).not.toContain(rows[1]?.hopId)
    const failed = await ask('range', 'reports', '--status', 'error', '--explain')
    expect(failed.stderr).toMatch(/1 instance asked, \d+ scans?, [1-9]\d* segments? read, \d+ pruned, .+B\n/)
    expect(failed.stdout.trim().split('\n')).toHaveLength(1)
    expect(failed.stdout).toContain('RangeError: page 0')
  })

  it('ends silently when the reader of its output has closed the pipe', async () => {
    const child = startHoptrace(['range', 'reports', '--limit', '100000', '--dir', dir])
    const end = ended(child)
    await once(child.stdout ?? child, 'data')
    child.stdout?.destroy()
    const { code, stderr } = await end
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('lists the registered instances', async () => {
    const { stdout, code } = await ask('instances', '--json')
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({ service: 'reports', alive: true, pid: process.pid }),
    ])
    expect(code).toBe(0)
    expect((await ask('instances')).stdout).toMatch(/● {2}reports/)
  })

  it('decodes an id without asking any process', async () => {
    const { stdout, code } = await hoptrace(['id', traceId, '--json', '--dir', '/nowhere'])
    expect(JSON.parse(stdout)).toMatchObject({ id: traceId, assigned: false, sealed: false })
    expect(code).toBe(0)
  })

  it('makes a different key each time, and services accept it', async () => {
    const { stdout, code } = await hoptrace(['key'])
    expect(stdout).toMatch(/^[\w-]{43}\n$/)
    checkClusterKey(stdout.trim())
    expect(code).toBe(0)
    const other = JSON.parse((await hoptrace(['key', '--json'])).stdout) as { key: string }
    expect(other.key).toMatch(/^[\w-]{43}$/)
    expect(other.key).not.toBe(stdout.trim())
  })

  it('refuses a key that could be guessed', async () => {
    const { stderr, code } = await hoptrace(['resolve', traceId, '--dir', dir], { HOPTRACE_KEY: 'x' })
    expect(stderr).toContain('it must have 32 or more; make one with: hoptrace key')
    expect(code).toBe(2)
  })

  it('names registry rows with an invalid signature', async () => {
    const copy = await mkdtemp(path.join(tmpdir(), 'hoptrace-cli-'))
    await cp(path.join(dir, 'registry'), path.join(copy, 'registry'), { recursive: true })
    const without = await hoptrace(['instances', '--dir', copy])
    expect(without.stderr).toContain('there is no cluster key here, set HOPTRACE_KEY')
    const other = await hoptrace(['instances', '--dir', copy], { HOPTRACE_KEY: newClusterKey() })
    expect(other.stderr).toContain('is registered under another key')
    expect([without.code, other.code]).toEqual([3, 3])
    await rm(copy, { recursive: true })
  })

  it('ships nothing of a living run', async () => {
    const { stdout, code } = await hoptrace(['ship', dir, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ shipped: [] })
    expect(code).toBe(0)
  })

  it('uses colours only if it should', async () => {
    const args = ['resolve', 'orderId=42', '--dir', dir]
    expect((await hoptrace(args, { FORCE_COLOR: '1' })).stdout).toContain('\u001b[32m')
    expect((await hoptrace(args, { NO_COLOR: '1' })).stdout).not.toContain('\u001b')
  })

  it('prints its version and its usage', async () => {
    const [version, help] = await Promise.all([hoptrace(['-v']), hoptrace(['resolve', '--help'])])
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(help.stdout).toContain('--iterative')
    expect([version.code, help.code]).toEqual([0, 0])
  })
})
