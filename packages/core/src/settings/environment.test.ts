import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newClusterKey } from '../key/index.js'
import { namingVariable, optionsOfEnvironment, variables } from './environment.js'
import { normalizeOptions, type TracerOptions } from './options.js'

const clusterKey = newClusterKey()

describe('the variables of the environment', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-environment-'))
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  it('give every option of createTracer', () => {
    const options: Record<keyof TracerOptions, true> = {
      service: true,
      store: true,
      registry: true,
      dataDir: true,
      access: true,
      address: true,
      windowMillis: true,
      graceMillis: true,
      clusterKey: true,
      trust: true,
      wire: true,
      trustedTargets: true,
      allowAttributes: true,
      redact: true,
      maxLogBytes: true,
      maxEventBytes: true,
    }
    expect(new Set(variables.map(({ option }) => option.split('.')[0]))).toEqual(
      new Set(Object.keys(options)),
    )
  })

  it('are accepted by createTracer, all of them', async () => {
    const redact = path.join(dir, 'redact.cjs')
    await writeFile(redact, 'module.exports = ({ text }) => text')
    const env = {
      HOPTRACE_SERVICE: 'orders',
      HOPTRACE_STORE: 'hbase+http://127.0.0.1:8080/orders',
      HOPTRACE_REGISTRY: `level:${dir}/registry`,
      HOPTRACE_RETENTION: '36h,2gb',
      HOPTRACE_DIR: dir,
      HOPTRACE_ACCESS: 'owner',
      HOPTRACE_ADDRESS: '10.0.0.7:8080',
      HOPTRACE_KEY: clusterKey,
      HOPTRACE_TRUST: 'none',
      HOPTRACE_WIRE: 'sealed',
      HOPTRACE_TRUSTED_TARGETS: '*.internal, shop.example:443',
      HOPTRACE_ALLOW_ATTRIBUTES: 'items,amount',
      HOPTRACE_REDACT: redact,
      HOPTRACE_WINDOW_MILLIS: '20000',
      HOPTRACE_GRACE_MILLIS: ' 3000 ',
      HOPTRACE_LOG: '1048576',
      HOPTRACE_EVENT_BYTES: '512',
    }
    expect(Object.keys(env).sort()).toEqual(variables.map(({ name }) => name).sort())
    const options = optionsOfEnvironment(env)
    expect(options).toEqual({
      service: 'orders',
      store: { kind: 'hbase', url: 'hbase+http://127.0.0.1:8080/orders', ttlSeconds: 129_600, maxBytes: 2e9 },
      registry: { kind: 'level', dir: `${dir}/registry` },
      dataDir: dir,
      access: 'owner',
      address: '10.0.0.7:8080',
      clusterKey,
      trust: 'none',
      wire: 'sealed',
      trustedTargets: ['*.internal', 'shop.example:443'],
      allowAttributes: ['items', 'amount'],
      redact: expect.any(Function) as unknown,
      windowMillis: 20_000,
      graceMillis: 3000,
      maxLogBytes: 1_048_576,
      maxEventBytes: 512,
    })
    expect(normalizeOptions(options as TracerOptions, {}).windowMillis).toBe(20_000)
  })

  it('are nothing where they are not set, or empty', () => {
    expect(optionsOfEnvironment({ HOPTRACE_SERVICE: 'orders', HOPTRACE_STORE: ' ' })).toEqual({
      service: 'orders',
    })
    expect(optionsOfEnvironment({ HOPTRACE_RETENTION: 'forever' })).toEqual({
      store: { kind: 'level', ttlSeconds: Infinity },
    })
    expect(optionsOfEnvironment({ HOPTRACE_STORE: 'memory:orders' })).toEqual({ store: { kind: 'memory' } })
  })

  it.each([
    ['HOPTRACE_STORE', 'postgres//x'],
    ['HOPTRACE_RETENTION', '7'],
    ['HOPTRACE_RETENTION', '99999999w'],
    ['HOPTRACE_RETENTION', '7d,1kb'],
    ['HOPTRACE_KEY', 'secret'],
    ['HOPTRACE_REDACT', '/no/such/file.cjs'],
  ])('are refused with their name: %s=%s', (name, value) => {
    expect(() => optionsOfEnvironment({ [name]: value })).toThrow(new RegExp(`^${name}: `))
  })

  it.each([
    ['HOPTRACE_SERVICE', 'Orders!'],
    ['HOPTRACE_WINDOW_MILLIS', 'soon'],
    ['HOPTRACE_TRUST', 'everyone'],
    ['HOPTRACE_ADDRESS', 'here'],
    ['HOPTRACE_LOG', '12'],
  ])('are named where createTracer refuses their value: %s=%s', (name, value) => {
    const options = optionsOfEnvironment({ HOPTRACE_SERVICE: 'orders', HOPTRACE_DIR: dir, [name]: value })
    let message = ''
    try {
      normalizeOptions(options as TracerOptions, {})
    } catch (error) {
      message = namingVariable((error as Error).message)
    }
    expect(message).toMatch(new RegExp(`^${name}: `))
  })
})
