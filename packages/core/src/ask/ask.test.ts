import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createTracer, type Tracer } from '../index.js'
import { beginInbound } from '../http/inbound.js'
import { askersKeys, clusterKeys } from '../key/index.js'
import { tempDir } from '../log/test-run.fixture.js'
import { fileRegistry } from '../store/registry/file-registry.js'
import { runName, type InstanceRow } from '../record/instance-row.js'
import { EndpointClient } from '../resolve/wire/http-get.js'
import { sign, SIGNATURE_HEADER } from './sign.js'

const key = 'kJ3nq0v1Zs8wYt5LxP7cRb2MdHg4Fa6e'
const anotherKey = 'Xq7Lw2Vb9Nc4Mz1Ky6Jh3Gf8Ds5Ap0Tr'
const keys = clusterKeys(key, true)
const limits = { maxBytes: 1 << 20, idleMillis: 5000, totalMillis: 10_000 }

interface Answer {
  readonly status: number
  readonly text: string
}

/** A service that answers `served` to every request, unless the request is a question. */
class Service implements AsyncDisposable {
  readonly tracer: Tracer
  private readonly server: Server

  private constructor(
    readonly dataDir: string,
    private readonly clusterKey: string | undefined,
    traced: string,
  ) {
    this.tracer = createTracer({
      service: 'orders',
      dataDir,
      windowMillis: 500,
      graceMillis: 0,
      ...(clusterKey === undefined ? {} : { clusterKey }),
    })
    this.server = createServer((req, res) => {
      const isTraced = req.url?.startsWith(traced) === true
      const inbound = isTraced ? beginInbound(this.tracer, req, res) : undefined
      if (inbound === undefined) return void res.end('served')
      inbound.run(() => res.end('served'))
    })
  }

  /** `traced`: what paths begin with that the application traces. */
  static async start(dataDir: string, clusterKey?: string, traced = '/'): Promise<Service> {
    const service = new Service(dataDir, clusterKey, traced)
    await new Promise<void>((resolve) => service.server.listen(0, '127.0.0.1', resolve))
    await service.send(`${traced}hello`)
    await service.tracer.flush()
    return service
  }

  send(target: string, headers: Record<string, string> = {}): Promise<Answer> {
    const { port } = this.server.address() as AddressInfo
    return get({ host: '127.0.0.1', port, path: target, headers })
  }

  /** Its row, once it says where it is asked. */
  async row(): Promise<InstanceRow> {
    const registry = fileRegistry(this.dataDir, askersKeys(this.clusterKey, this.dataDir))
    const { rows } = await registry.list()
    await registry.close()
    return rows[0] as InstanceRow
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await this.tracer.close()
  }
}

function get(options: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request({ agent: false, ...options }, (res: IncomingMessage) => {
      let text = ''
      res.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      res.on('end', () => resolve({ status: res.statusCode ?? 0, text }))
    })
    req.on('error', reject)
    req.end()
  })
}

/** A run's answer about itself, to a process with this data directory. */
async function instanceOf(dataDir: string, row: InstanceRow, clusterKey?: string): Promise<unknown> {
  const client = new EndpointClient(dataDir, askersKeys(clusterKey, dataDir))
  try {
    const place = await client.place(row)
    if (place === undefined) return undefined
    const text = await client.text(
      place,
      { path: 'instance', query: {} },
      limits,
      new AbortController().signal,
    )
    return { by: place.kind, address: (JSON.parse(text) as { address: string }).address }
  } finally {
    client.close()
  }
}

describe('a run is asked', () => {
  it('by the socket in its directory, for which nothing but the directory is needed', async () => {
    using dir = tempDir()
    await using service = await Service.start(dir.path)
    const row = await service.row()
    const socket = path.resolve(dir.path, row.logDir, 'ask.sock')
    await expect.poll(() => instanceOf(dir.path, row)).toEqual({ by: 'socket', address: row.address })
    expect(await instanceOf(dir.path, { ...row, host: 'another name' })).toEqual({
      by: 'socket',
      address: row.address,
    })
    const others = statSync(path.dirname(socket)).mode & 0o044
    expect(statSync(socket).mode & 0o066).toBe(others | (others >> 1))
    await expect(instanceOf(dir.path, { ...row, startNanos: row.startNanos + 1n })).rejects.toMatchObject({
      code: 'HOPTRACE_BAD_ANSWER',
    })
  })

  it('however long the path of its directory is', async () => {
    using dir = tempDir()
    const deep = path.join(dir.path, 'd'.repeat(120), 'd'.repeat(120))
    await using service = await Service.start(deep)
    const row = await service.row()
    await expect.poll(() => instanceOf(deep, row)).toEqual({ by: 'socket', address: row.address })
  })

  it('by a loopback port and a secret where the socket cannot be made', async () => {
    using dir = tempDir()
    await using service = await Service.start(dir.path)
    const row = await service.row()
    const run = path.resolve(dir.path, row.logDir)
    await expect.poll(() => instanceOf(dir.path, row)).toBeDefined()
    // A directory is in its place from now on: the recorder notices that its socket is gone.
    rmSync(path.join(run, 'ask.sock'))
    mkdirSync(path.join(run, 'ask.sock', 'in-the-way'), { recursive: true })
    await expect.poll(() => existsSync(path.join(run, 'ask.json'))).toBe(true)
    expect(await instanceOf(dir.path, row)).toEqual({ by: 'loopback', address: row.address })
    const { port } = JSON.parse(readFileSync(path.join(run, 'ask.json'), 'utf8')) as { port: number }
    const at = { host: '127.0.0.1', port, path: '/_hoptrace/v1/instance' }
    expect(await get(at)).toEqual({ status: 403, text: '' })
    expect(await get({ ...at, headers: { 'hoptrace-secret': 'x'.repeat(32) } })).toEqual({
      status: 403,
      text: '',
    })
  })

  it('not by a process with another data directory and no key', async () => {
    using dir = tempDir()
    using elsewhere = tempDir()
    await using service = await Service.start(dir.path)
    expect(await instanceOf(elsewhere.path, await service.row())).toBeUndefined()
    expect(
      await instanceOf(dir.path, { ...(await service.row()), logDir: path.join(elsewhere.path, 'logs/x/y') }),
    ).toBeUndefined()
  })

  it('from another host by a signed question, which names the run', async () => {
    using dir = tempDir()
    using elsewhere = tempDir()
    await using service = await Service.start(dir.path, key)
    const row = await service.row()
    await expect
      .poll(() => instanceOf(elsewhere.path, row, key).catch(() => undefined))
      .toEqual({ by: 'remote', address: row.address })
    await expect(instanceOf(elsewhere.path, row, anotherKey)).rejects.toMatchObject({
      code: 'HOPTRACE_FORBIDDEN',
    })
    const other = { ...row, startNanos: row.startNanos + 1n }
    await expect(instanceOf(elsewhere.path, other, key)).rejects.toMatchObject({
      code: 'HOPTRACE_BAD_ANSWER',
    })
  })
})

describe('the port of the application', () => {
  it('answers questions at its root, also where the application traces one path alone', async () => {
    using dir = tempDir()
    await using service = await Service.start(dir.path, key, '/api/')
    const row = await service.row()
    const target = `/_hoptrace/v1/instance?run=${encodeURIComponent(runName(row))}`
    const question = { method: 'GET', host: row.host, run: runName(row), target }
    await expect.poll(async () => (await service.send(target, sign(keys, question))).status).toBe(200)
    expect(await service.send(target)).toEqual({ status: 401, text: '' })
    const under = `/api${target}`
    expect(await service.send(under, sign(keys, { ...question, target: under }))).toEqual({
      status: 200,
      text: 'served',
    })
  })

  it("is the application's alone once the tracer is closed", async () => {
    using dir = tempDir()
    await using service = await Service.start(dir.path, key)
    expect(await service.send('/_hoptrace/v1/instance')).toEqual({ status: 401, text: '' })
    await service.tracer.close()
    expect(await service.send('/_hoptrace/v1/instance')).toEqual({ status: 200, text: 'served' })
  })

  const paths = (run: string): string[] => [
    '/_hoptrace/v1/instance',
    `/_hoptrace/v1/instance?run=${run}`,
    '/_hoptrace/v1/metrics',
    '/_hoptrace/v1/range?from=0&to=9',
    '/_hoptrace/v1/x',
  ]
  const detours = [
    '/_hoptrace/v1/../../x/range?from=0&to=9',
    '/_hoptrace/v1/../v1/instance',
    '/x/../_hoptrace/v1/instance',
    '/_hoptrace/v1/%2e%2e/v1/instance',
    '//_hoptrace/v1/instance',
    '/_HOPTRACE/v1/instance',
    '/_hoptrace/v2/instance',
  ]

  it('serves no question without a given key', async () => {
    using dir = tempDir()
    await using service = await Service.start(dir.path)
    for (const target of [...paths('x'), ...detours])
      expect(await service.send(target)).toEqual({ status: 200, text: 'served' })
  })

  it('answers with one only what is signed, and leaves every detour to the application', async () => {
    using dir = tempDir()
    await using service = await Service.start(dir.path, key)
    const row = await service.row()
    const run = encodeURIComponent(runName(row))
    const good = `/_hoptrace/v1/instance?run=${run}`
    const question = { method: 'GET', host: row.host, run: runName(row), target: good }
    for (const target of paths(run)) expect(await service.send(target)).toEqual({ status: 401, text: '' })
    for (const target of detours)
      expect(await service.send(target, sign(keys, { ...question, target }))).toEqual({
        status: 200,
        text: 'served',
      })
    const signed = sign(keys, question)
    await expect.poll(async () => (await service.send(good, sign(keys, question))).status).toBe(200)
    expect((await service.send(good, signed)).status).toBe(200)
    expect(await service.send(good, signed)).toEqual({ status: 401, text: '' })
    const [, nonce = '', mac = ''] = (signed[SIGNATURE_HEADER] ?? '').split('.')
    const refused = [
      sign(clusterKeys(anotherKey, true), question),
      sign(keys, { ...question, target: `${good}&x=1` }),
      sign(keys, { ...question, method: 'POST' }),
      sign(keys, { ...question, host: 'elsewhere' }),
      sign(keys, { ...question, run: '127.0.0.1:1,0,1' }),
      { [SIGNATURE_HEADER]: `${Date.now() - 60_000}.${nonce}.${mac}` },
      { [SIGNATURE_HEADER]: 'x'.repeat(10_000) },
    ]
    for (const headers of refused)
      expect(await service.send(good, headers)).toEqual({ status: 401, text: '' })
  })
})
