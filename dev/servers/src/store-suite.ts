import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { createResolver, createTracer } from '@hoptrace/core'
import { openStore, type Row, type Store } from '@hoptrace/core/store'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { built } from '../../built.mjs'
import { makeCertificate, startServer, type RunningServer, type ServerKind } from './index.js'
import { describeRealServer } from './suite.js'

const clusterKey = 'the-key-of-the-suite-for-servers-0123456789abcdefghijklmnop'
const everything = { from: Buffer.of(0), to: Buffer.of(255), limit: 100_000 }

/** What every store over a server keeps, in addition to the kit: its login is a secret, and its server may fail at any time. */
export function serverStoreSuite(kind: ServerKind): void {
  describeRealServer(kind, 'a store over a server', () => {
    let server: RunningServer
    let stores = 0
    beforeAll(async () => {
      server = await startServer(kind)
    })
    afterAll(() => server.wipe())

    /** A new store, or another one over the same rows. */
    const connect = (service = `suite-${++stores}`, url = server.url): Store => {
      const store = openStore({ kind, url }, { dataDir: '.', service })
      onTestFinished(() => store.close())
      return store
    }
    const passwordOf = (url: string): string => decodeURIComponent(new URL(url).password)

    it('takes the records of a service, and a resolver finds them by the URL of the server', async () => {
      const dir = await temporaryDir()
      const tracer = createTracer({
        service: 'orders',
        store: { kind, url: server.url },
        dataDir: dir,
        clusterKey,
      })
      const id = tracer.run({ name: 'nightly-report' }, () => {
        tracer.hop?.setKey('reportId', '7')
        return tracer.hop?.id ?? ''
      })
      await tracer.close()

      const resolver = createResolver({
        dir: await temporaryDir(),
        store: { kind, url: server.url },
        clusterKey,
        live: false,
      })
      onTestFinished(() => resolver.close())
      for (const question of [id, 'reportId=7']) {
        const { verdict, hops } = await resolver.resolve(question)
        expect({ verdict, route: hops[0]?.route, source: hops[0]?.source }).toEqual({
          verdict: 'completed',
          route: 'nightly-report',
          source: 'store',
        })
      }
      const registry = openStore(server.publicUrl, { dataDir: '.', service: 'asker' })
      onTestFinished(() => registry.close())
      const kept = [...(await registry.scan(everything)), ...(await connect('orders').scan(everything))]
      expect(kept.some(({ value }) => Buffer.from(value).includes(`${server.publicUrl}#orders`))).toBe(true)
      const files = await Promise.all((await filesIn(dir)).map((file) => readFile(file)))
      for (const part of [...kept.map(({ value }) => Buffer.from(value)), ...files]) {
        expect(part.includes(passwordOf(server.url))).toBe(false)
        expect(part.includes(new URL(server.url).password)).toBe(false)
      }
    })

    it('is read by another process that has the login in its environment, and that ends by itself', async () => {
      const store = connect()
      await store.put([row('a'), row('b')])
      const program = built(new URL('reader.fixture.ts', import.meta.url))
      const { HOPTRACE_STORE_LOGINS: _, ...env } = process.env
      const read = (logins: object): Promise<{ stdout: string }> =>
        promisify(execFile)(process.execPath, [program, store.url], { env: { ...env, ...logins } })
      expect((await read({ HOPTRACE_STORE_LOGINS: `x ${server.url}` })).stdout).toBe('2 rows')
      await expect(read({})).rejects.toThrow('HOPTRACE_STORE_UNAVAILABLE')
    })

    it('is read over TLS where the server has a certificate that the process trusts, and refused otherwise', async () => {
      const secure = await startServer(kind, { tls: true })
      const other = await temporaryDir()
      makeCertificate(other)
      const program = built(new URL('reader.fixture.ts', import.meta.url))
      const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env
      const run = (url: string, ca: object): Promise<{ stdout: string }> =>
        promisify(execFile)(process.execPath, [program, `${url}#secure`, 'makes'], {
          env: { ...env, HOPTRACE_STORE_LOGINS: secure.url, ...ca },
        })
      try {
        const trusted = { NODE_EXTRA_CA_CERTS: path.join(secure.dir, 'ca.pem') }
        expect((await run(secure.publicUrl, trusted)).stdout).toBe('1 rows')
        const distrust = /the certificate of the server is not trusted .*NODE_EXTRA_CA_CERTS/
        await expect(
          run(secure.publicUrl, { NODE_EXTRA_CA_CERTS: path.join(other, 'ca.pem') }),
        ).rejects.toThrow(distrust)
        await expect(run(secure.publicUrl, {})).rejects.toThrow(distrust)
        // Without TLS, the server takes no login.
        await expect(run(secure.publicUrl.replace('+tls', ''), trusted)).rejects.toThrow(
          'HOPTRACE_STORE_UNAVAILABLE',
        )
      } finally {
        await secure.wipe()
      }
    })

    it('refuses a wrong password, and shows none', async () => {
      const url = server.url.replace(/:[^:@]*@/, ':sesame@')
      const store = openStore({ kind, url }, { dataDir: '.', service: 'wrong' })
      // Later stores on this server have the right one again.
      onTestFinished(() => void connect())
      const error = (await store.open().catch((reason: unknown) => reason)) as Error
      expect(error).toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
      expect(error.message).not.toMatch(/sesame/)
      expect(store.url).not.toMatch(/sesame/)
      await store.close()
    })

    it('has every acknowledged row once, although the server was killed while rows were put', async () => {
      const service = `suite-${++stores}`
      const writers = [connect(service), connect(service)]
      const acknowledged = new Map<string, string>()
      let stopped = false
      const writing = writers.map(async (store, writer) => {
        for (let batch = 0; !stopped; batch++) {
          const rows = Array.from({ length: 50 }, (_, i) => row(`${writer}-${batch}-${i}`, `${batch}`))
          // Both writers put this one.
          rows.push(row('shared', `${writer}-${batch}`))
          await putUntilAcknowledged(store, rows)
          for (const { key, value } of rows) acknowledged.set(textOf(key), textOf(value))
        }
      })
      for (let kill = 1; kill <= 2; kill++) {
        await expect.poll(() => acknowledged.size).toBeGreaterThan(kill * 1000)
        await server.kill9()
        await server.restart()
      }
      const before = acknowledged.size
      await expect.poll(() => acknowledged.size).toBeGreaterThan(before + 500)
      stopped = true
      await Promise.all(writing)
      const found = await (writers[0] as Store).scan(everything)
      const keys = found.map(({ key }) => textOf(key))
      expect(new Set(keys).size).toBe(keys.length)
      expect(keys.sort()).toEqual([...acknowledged.keys()].sort())
      for (const { key, value } of found)
        if (textOf(key) !== 'shared') expect(textOf(value)).toBe(acknowledged.get(textOf(key)))
    })

    it('rejects a read while the server does not answer, and reads again when it does', async () => {
      const store = connect()
      await store.put([row('a')])
      await server.pause()
      try {
        await expect(store.scan(everything)).rejects.toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
        await expect(store.scan({ ...everything, signal: AbortSignal.timeout(100) })).rejects.toMatchObject({
          name: 'TimeoutError',
        })
      } finally {
        server.resume()
      }
      await expect.poll(() => store.scan(everything).catch(() => [])).toHaveLength(1)
    })

    it('accepts rows when the server is there, although it was away at the start', async () => {
      await server.kill9()
      const store = connect()
      await expect(store.open()).rejects.toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
      await server.restart()
      await putUntilAcknowledged(store, [row('a')])
      expect(await store.scan(everything)).toHaveLength(1)
    })

    it('is missing for a reader, and not empty, before its service has made it', async () => {
      const reader = openStore(`${server.publicUrl}#never-made`, { dataDir: '.', service: 'asker' })
      onTestFinished(() => reader.close())
      await expect(reader.scan(everything)).rejects.toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
    })
  })
}

/** As a shipper does: the same rows again, until they are acknowledged. */
async function putUntilAcknowledged(store: Store, rows: readonly Row[]): Promise<void> {
  for (;;) {
    try {
      await store.put(rows)
      return
    } catch (error) {
      expect(error).toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
    }
  }
}

async function temporaryDir(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-servers-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

async function filesIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
}

function textOf(part: Uint8Array): string {
  return Buffer.from(part).toString()
}

function row(key: string, value = key): Row {
  return { key: Buffer.from(key), value: Buffer.from(value) }
}
