import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { viaOf } from './via.js'

const http = new URL('http://orders.example:4000/a')
const https = new URL('https://orders.example/a')

describe('the dialled route to a target', () => {
  beforeEach(() => {
    for (const name of ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']) {
      vi.stubEnv(name, undefined)
      vi.stubEnv(name.toUpperCase(), undefined)
    }
  })
  afterEach(() => {
    vi.unstubAllEnvs()
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
    vi.stubEnv('HTTP_PROXY', 'http://user:secret@proxy:3128')
    vi.stubEnv('https_proxy', 'secure.example')
    expect(viaOf({}, http)).toBe('proxy:3128')
    expect(viaOf({}, https)).toBe('secure.example:443')
    expect(viaOf({ proxy: false }, http)).toBeUndefined()
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
    vi.stubEnv('all_proxy', 'http://proxy:3128')
    vi.stubEnv('no_proxy', list)
    expect(viaOf({}, http) === undefined).toBe(bypassed)
  })

  it('accepts networks and the names of this host in no_proxy', () => {
    vi.stubEnv('http_proxy', 'http://proxy:3128')
    vi.stubEnv('no_proxy', '10.0.0.0/8 localhost')
    expect(viaOf({}, new URL('http://10.1.2.3/'))).toBeUndefined()
    expect(viaOf({}, new URL('http://11.1.2.3/'))).toBe('proxy:3128')
    expect(viaOf({}, new URL('http://[::1]:80/'))).toBeUndefined()
  })

  it('never throws', () => {
    vi.stubEnv('http_proxy', 'http://[')
    expect(viaOf({}, http)).toBeUndefined()
    const hostile = {
      get proxy(): never {
        throw new Error('hostile')
      },
    }
    expect(viaOf(hostile, http)).toBeUndefined()
  })
})
