import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openStore } from './open-store.js'
import { hasSecrets, parseStoreUrl } from './store-url.js'

describe('hasSecrets', () => {
  it.each(['hbase+http://user:word@a:1/t', 'tape://user@a', 'tape://a/b?token=x'])('%s', (url) => {
    expect(hasSecrets(url)).toBe(true)
  })

  it.each(['level:/a@b/c?d', 'memory:a', 'hbase://a:1,b:2/t', 'tape://a/b@c'])('not %s', (url) => {
    expect(hasSecrets(url)).toBe(false)
  })
})

describe('parseStoreUrl', () => {
  it('reads the forms that there are', () => {
    expect(parseStoreUrl('level:/var/lib/x')).toEqual({ kind: 'level', dir: '/var/lib/x' })
    expect(parseStoreUrl('level:x')).toEqual({ kind: 'level', dir: path.resolve('x') })
    expect(parseStoreUrl('memory:orders')).toEqual({ kind: 'memory', name: 'orders' })
    const native = { kind: 'hbase', transport: 'native' }
    expect(parseStoreUrl('hbase://a:2181,b.c:2181')).toEqual({
      ...native,
      hosts: ['a:2181', 'b.c:2181'],
      table: null,
    })
    expect(parseStoreUrl('hbase://a:2181/ns:traces')).toEqual({
      ...native,
      hosts: ['a:2181'],
      table: 'ns:traces',
    })
    expect(parseStoreUrl('hbase+http://[::1]:8080/t')).toEqual({
      kind: 'hbase',
      transport: 'http',
      hosts: ['[::1]:8080'],
      table: 't',
    })
  })

  it('refuses everything else with a message that shows the forms', () => {
    const bad = [
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
      'http://a:1',
      `level:${'x'.repeat(5000)}`,
    ]
    for (const url of bad) expect(() => parseStoreUrl(url), url).toThrow(/TypeError|a store is level:DIR/)
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

  it('refuses a spec of no known kind', () => {
    const context = { dataDir: '.', service: 'orders' }
    expect(() => openStore({ kind: 'tape' } as never, context)).toThrow(TypeError)
    expect(() => openStore('tape:1', context)).toThrow(TypeError)
    expect(() => openStore({ kind: 'hbase', url: 'http://a:1' }, context)).toThrow(TypeError)
  })
})
