import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { viaOf } from './via.js'

const http = new URL('http://orders.example:4000/a')
const https = new URL('https://orders.example/a')

describe('the dialled route to a target', () => {
  /** Sets variables of the environment; that is seen a second later. */
  const setEnvironment = (variables: Readonly<Record<string, string | undefined>>): void => {
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
    vi.advanceTimersByTime(1000)
  }

  beforeAll(() => {
    vi.useFakeTimers({ toFake: ['Date'] })
  })
  beforeEach(() => {
    const names = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']
    const both = names.flatMap((name) => [name, name.toUpperCase()])
    setEnvironment(Object.fromEntries(both.map((name) => [name, undefined])))
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })
  afterAll(() => {
    vi.useRealTimers()
  })

  it('is undefined by default', () => {
    expect(viaOf({}, http)).toBeUndefined()
    expect(viaOf({ proxy: false }, http)).toBeUndefined()
  })

  it('is the proxy or the socket of the configuration', () => {
    expect(viaOf({ proxy: { host: 'proxy', port: 3128 } }, http)).toBe('proxy:3128')
    expect(viaOf({ proxy: { host: '::1', port: 3128 } }, http)).toBe('[::1]:3128')
    expect(viaOf({ socketPath: '/run/orders.sock', proxy: { host: 'proxy', port: 1 } }, http)).toBe(
      'unix:/run/orders.sock',
    )
  })

  it('is the proxy of an agent', () => {
    const agent = { proxy: new URL('http://proxy:3128') }
    expect(viaOf({ httpsAgent: agent, proxy: false }, https)).toBe('proxy:3128')
    expect(viaOf({ httpsAgent: agent }, http)).toBeUndefined()
  })

  it('is the proxy of the environment, for the scheme of the target', () => {
    setEnvironment({ HTTP_PROXY: 'http://user:secret@proxy:3128', https_proxy: 'secure.example' })
    expect(viaOf({}, http)).toBe('proxy:3128')
    expect(viaOf({}, https)).toBe('secure.example:443')
    expect(viaOf({ proxy: false }, http)).toBeUndefined()
  })

  it('is the one that the environment named at most a second ago', () => {
    setEnvironment({ http_proxy: 'http://first:1' })
    expect(viaOf({}, http)).toBe('first:1')
    vi.stubEnv('http_proxy', 'http://second:2')
    vi.advanceTimersByTime(999)
    expect(viaOf({}, http)).toBe('first:1')
    vi.advanceTimersByTime(1)
    expect(viaOf({}, http)).toBe('second:2')
  })

  it.each([
    ['*', true],
    ['orders.example', true],
    ['.example', true],
    ['*.example', true],
    ['other.example, orders.example:4000', true],
    ['orders.example:80', false],
    ['example', false],
    ['10.0.0.0/8', false],
  ])('is not that proxy if no_proxy says %s: %s', (list, bypassed) => {
    setEnvironment({ all_proxy: 'http://proxy:3128', no_proxy: list })
    expect(viaOf({}, http) === undefined).toBe(bypassed)
  })

  it('accepts networks and the names of this host in no_proxy', () => {
    setEnvironment({ http_proxy: 'http://proxy:3128', no_proxy: '10.0.0.0/8 localhost' })
    expect(viaOf({}, new URL('http://10.1.2.3/'))).toBeUndefined()
    expect(viaOf({}, new URL('http://11.1.2.3/'))).toBe('proxy:3128')
    expect(viaOf({}, new URL('http://[::1]:80/'))).toBeUndefined()
  })

  it('never throws', () => {
    setEnvironment({ http_proxy: 'http://[' })
    expect(viaOf({}, http)).toBeUndefined()
    const hostile = {
      get proxy(): never {
        throw new Error('hostile')
      },
    }
    expect(viaOf(hostile, http)).toBeUndefined()
  })
})
