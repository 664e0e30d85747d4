import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openStore } from './open-store.js'
import { isStoreUrl } from './drivers.js'
import { hasSecrets } from './store-url.js'

describe('hasSecrets', () => {
  it.each(['hbase+http://user:word@a:1/t', 'tape://user@a', 'tape://a/b?token=x'])('%s', (url) => {
    expect(hasSecrets(url)).toBe(true)
  })

  it.each(['level:/a@b/c?d', 'memory:a', 'hbase://a:1,b:2/t', 'tape://a/b@c'])('not %s', (url) => {
    expect(hasSecrets(url)).toBe(false)
  })
})

describe('the URL of a store', () => {
  it.each([
    'level:/var/lib/x',
    'level:x',
    'memory:orders',
    'hbase://a:2181,b.c:2181',
    'hbase://a:2181/ns:traces',
    'hbase+http://[::1]:8080/t',
    'hbase+kerberos://a:16000/t',
    'hbase+tls+kerberos://a:16000,b:16000',
    'tape:/dev/st0',
    'tape+tls://a:1/orders',
  ])('may be %s', (url) => {
    expect(isStoreUrl(url)).toBe(true)
  })

  it.each([
    '',
    'level:',
    'level',
    'level:\0',
    'memory:',
    'memory:a/b',
    'hbase://',
    'hbase://a',
    'hbase://a:99999',
    'hbase:a:1',
    'hbase+ftp://a:1',
    'hbase+kerberos+tls://a:1',
    'hbase+https+kerberos://a:1',
    'tape:',
    'a-scheme-that-is-much-longer-than-a-name-may-be:1',
    'Tape:1',
  ])('may not be %j', (url) => {
    expect(isStoreUrl(url)).toBe(false)
  })

  it('has at most 4,096 characters', () => {
    expect(isStoreUrl(`level:${'x'.repeat(5000)}`)).toBe(false)
  })
})

describe('openStore', () => {
  it('puts the level store of a service into its data directory, and opens it by its url', async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-open-'))
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
    const made = openStore({ kind: 'level' }, { dataDir, service: 'orders' })
    await made.put([{ key: Buffer.from('a'), value: Buffer.from('b') }])
    expect(made.url).toBe(`level:${path.join(dataDir, 'stores', 'orders')}`)
    const found = openStore(made.url, { dataDir: 'unused', service: 'cli' })
    expect(await found.scan({ from: Buffer.from('a'), to: Buffer.from('b'), limit: 9 })).toHaveLength(1)
    await made.close()
    await found.close()
  })

  it('makes nothing where a url leads to no store', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-open-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    const store = openStore(`level:${path.join(dir, 'none')}`, { dataDir: dir, service: 'cli' })
    await expect(store.open()).rejects.toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
    await store.close()
    expect(await readdir(dir)).toEqual([])
  })

  it('refuses a spec whose kind no package brings, and names the packages', () => {
    const context = { dataDir: '.', service: 'orders' }
    expect(() => openStore({ kind: 'tape', url: 'tape:1' }, context)).toThrow(
      "store.kind 'tape': no package opens tape:… stores; npm install @hoptrace/tape, or hoptrace-store-tape",
    )
    expect(() => openStore({ kind: 'tape', url: 'disk:1' }, context)).toThrow(
      'must be a URL that begins with tape:',
    )
    expect(() => openStore({ kind: '../tape', url: 'tape:1' }, context)).toThrow('must be')
    expect(() => openStore({ kind: 'hbase', url: 'http://a:1' }, context)).toThrow(TypeError)
  })

  it('rejects the first use of a store when no package opens its URL', async () => {
    const store = openStore('tape:/1', { dataDir: '.', service: 'cli' })
    await expect(store.open()).rejects.toThrow('no package opens tape:… stores; npm install @hoptrace/tape')
    await store.close()
  })
})
