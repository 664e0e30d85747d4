import { request } from 'node:http'
import path from 'node:path'
import { HoptraceError, type HopJson, type Resolver } from '@hoptrace/core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startUi } from '../index.js'
import { recorded, type Recorded } from '../recorded.fixture.js'
import { description } from './openapi.js'

let stage: Recorded
const start: Recorded['start'] = (options) => stage.start(options)

beforeAll(async () => {
  stage = await recorded()
})
afterEach(() => stage.closeAll())
afterAll(() => stage[Symbol.asyncDispose]())

async function lines(url: string): Promise<Record<string, unknown>[]> {
  const response = await fetch(url)
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'application/x-ndjson; charset=utf-8',
  ])
  return (await response.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** Headers that `fetch` would not send. */
function statusOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .once('error', reject)
      .end()
  })
}

describe('the API', () => {
  it('answers as the resolver does, by key and by id', async () => {
    const base = await start()
    const byKey = (await (await fetch(`${base}/api/resolve?of=orderId=1`)).json()) as {
      verdict: string
      hops: HopJson[]
    }
    expect([byKey.verdict, byKey.hops.length]).toEqual(['completed', 1])
    const byId = await (await fetch(`${base}/api/resolve?of=${byKey.hops[0]?.hopId}`)).json()
    expect(byId).toMatchObject({ verdict: 'completed', hops: byKey.hops.map(({ hopId }) => ({ hopId })) })
    const progress = await (await fetch(`${base}/api/progress?of=orderId=1`)).json()
    expect(progress).toMatchObject({ verdict: 'completed', lastEvent: { name: 'order.accepted' } })
  })

  it('streams a walk, and its end', async () => {
    const base = await start()
    const steps = await lines(`${base}/api/walk?of=orderId=3`)
    expect(steps.map(({ kind }) => kind)).toEqual(['hop', 'result', 'end'])
    expect(steps[1]).toMatchObject({ result: { verdict: 'failed' } })
    const followed = await lines(`${base}/api/follow?of=orderId=1`)
    expect(followed.map(({ kind }) => kind)).toEqual(['event', 'end', 'end'])
  })

  it('lists the hops of a service, each with the verdict of its trace', async () => {
    const base = await start()
    const rows = await lines(`${base}/api/range?service=orders`)
    expect(rows.filter(({ kind }) => kind === 'hop')).toHaveLength(3)
    const verdicts = rows.flatMap(({ kind, summary }) =>
      kind === 'summary' ? [(summary as { verdict: string }).verdict] : [],
    )
    expect(verdicts.toSorted()).toEqual(['completed', 'completed', 'failed'])
    expect(rows.at(-1)).toEqual({ kind: 'end' })
    const failed = await lines(`${base}/api/range?service=orders&status=error&summaries=no`)
    expect(failed.map(({ kind }) => kind)).toEqual(['hop', 'end'])
  })

  it('finds the traces of a key', async () => {
    const base = await start()
    const rows = await lines(`${base}/api/find?key=orderId=2`)
    expect(rows.map(({ kind }) => kind)).toEqual(['hit', 'summary', 'end'])
    expect(await lines(`${base}/api/find?key=orderId=none`)).toEqual([{ kind: 'end' }])
  })

  it('counts the hops of each service, and names its instances', async () => {
    const base = await start()
    const map = (await (await fetch(`${base}/api/map`)).json()) as { nodes: object[]; partial: object[] }
    expect(map).toMatchObject({
      nodes: [{ service: 'orders', hops: 3, errors: 1, shed: 0 }],
      edges: [],
      partial: [],
    })
    const { instances } = (await (await fetch(`${base}/api/instances`)).json()) as { instances: object[] }
    const shippedThrough: unknown = expect.stringMatching(/Z$/)
    expect(instances).toMatchObject([{ service: 'orders', alive: false, shippedThrough, dropped: 0 }])
  })

  it('adds up what the hops of a service left out under pressure', async () => {
    const pressed = {
      ...stage.resolver,
      range: async function* (query: Parameters<Resolver['range']>[0]) {
        for await (const hop of stage.resolver.range(query)) yield { ...hop, shed: 2 }
      },
    }
    const base = await start({ resolver: pressed })
    const map = (await (await fetch(`${base}/api/map`)).json()) as object
    expect(map).toMatchObject({ nodes: [{ service: 'orders', hops: 3, shed: 6 }] })
  })

  it('describes each of its paths', async () => {
    const base = await start()
    expect(await (await fetch(`${base}/api/openapi.json`)).json()).toEqual(description)
    for (const place of Object.keys(description.paths)) {
      const { status } = await fetch(`${base}${place}`)
      expect([place, status === 200 || status === 400]).toEqual([place, true])
    }
  })

  it.each([
    ['resolve', 'of is missing'],
    ['resolve?of=junk', 'of must be an id'],
    ['resolve?of=a=1&of=b=2', 'of is given more than once'],
    [`resolve?of=a=${'x'.repeat(2000)}`, 'at most 1024'],
    ['find?key=orderId', 'key must look like'],
    ['find?key=orderId=1&limit=0', 'limit must be'],
    ['range', 'service is missing'],
    ['range?service=orders&from=yesterday', 'from must be'],
    ['range?service=orders&from=2000&to=1000', 'from must be before to'],
    ['range?service=orders&status=great', 'status must be'],
    ['range?service=orders&after=zz', 'after must be an id'],
    ['range?service=orders&minDurationMicros=-1', 'minDurationMicros must be'],
    ['map?limit=1e9', 'limit must be'],
  ])('refuses %s', async (question, reason) => {
    const base = await start()
    const response = await fetch(`${base}/api/${question}`)
    expect(response.status).toBe(400)
    const { error } = (await response.json()) as { error: { code: string; message: string } }
    expect(error.code).toBe('HOPTRACE_USAGE')
    expect(error.message).toContain(reason)
  })

  it('says what could not be read, after all that could, and nothing of its own errors', async () => {
    const errors: Error[] = []
    const broken = {
      ...stage.resolver,
      range: async function* (query: Parameters<Resolver['range']>[0]) {
        yield* stage.resolver.range({ ...query, limit: 1 })
        throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', 'the store of orders is away')
      },
      resolve: () => Promise.reject(new Error('secret of the host')),
    }
    const base = await start({ resolver: broken, onError: (error) => errors.push(error) })
    const rows = await lines(`${base}/api/range?service=orders&summaries=no`)
    expect(rows.map(({ kind }) => kind)).toEqual(['hop', 'error'])
    expect(rows[1]).toEqual({
      kind: 'error',
      error: { code: 'HOPTRACE_STORE_UNAVAILABLE', message: 'the store of orders is away' },
    })
    const response = await fetch(`${base}/api/resolve?of=orderId=1`)
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
    expect(errors.map(({ message }) => message)).toContain('secret of the host')
  })

  it('ends a question when its asker has gone', async () => {
    let ended: (() => void) | undefined
    const hasEnded = new Promise<void>((resolve) => (ended = resolve))
    const endless = {
      ...stage.resolver,
      range: async function* ({ signal, ...query }: Parameters<Resolver['range']>[0]) {
        try {
          while (signal?.aborted !== true) yield* stage.resolver.range(query)
        } finally {
          ended?.()
        }
      },
    }
    const base = await start({ resolver: endless })
    const abort = new AbortController()
    const response = await fetch(`${base}/api/range?service=orders&summaries=no`, { signal: abort.signal })
    await response.body?.getReader().read()
    abort.abort()
    await hasEnded
  })
})

describe('access', () => {
  it('serves the page on every address of its views, with headers that allow nothing else', async () => {
    const base = await start()
    for (const view of ['/', '/services', '/trace/orderId%3D42', '/progress/a%2Fb%3Dc']) {
      const response = await fetch(base + view)
      expect([view, response.status]).toEqual([view, 200])
      expect(await response.text()).toContain('<title>page</title>')
      expect(response.headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; script-src 'self'/,
      )
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    }
    expect((await fetch(`${base}/../../package.json`)).status).toBe(404)
    expect((await fetch(`${base}/%2e%2e/data`)).status).toBe(404)
  })

  it('refuses names that another page may have pointed at this host', async () => {
    const base = await start()
    const { port } = new URL(base)
    const of = `${base}/api/instances`
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
      expect(await statusOf(of, { host })).toBe(200)
    for (const host of [
      `evil.example:${port}`,
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '10.0.0.1',
    ])
      expect(await statusOf(of, { host })).toBe(403)
  })

  it('refuses what pages of other sites ask, and opens where a person follows a link', async () => {
    const base = await start()
    const ask = (site: string, mode: string): Promise<number | undefined> =>
      statusOf(`${base}/api/instances`, { 'sec-fetch-site': site, 'sec-fetch-mode': mode })
    expect(await ask('cross-site', 'no-cors')).toBe(403)
    expect(await ask('same-site', 'cors')).toBe(403)
    expect(await ask('same-origin', 'cors')).toBe(200)
    expect(await statusOf(base, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(200)
  })

  it('asks for the token, if there is one, for each question', async () => {
    const token = 'a-token-of-some-length'
    const base = await start({ token })
    const ask = (authorization?: string): Promise<number | undefined> =>
      statusOf(`${base}/api/instances`, authorization === undefined ? {} : { authorization })
    expect(await ask()).toBe(401)
    expect(await ask('Bearer another-token-here')).toBe(401)
    expect(await ask(token)).toBe(401)
    expect(await ask(`Bearer ${token}`)).toBe(200)
    expect((await fetch(base)).status).toBe(200)
    expect(stage.open[0]?.url).toContain(`#token=${token}`)
  })

  it('is not served to other hosts without a token', async () => {
    await expect(start({ host: '0.0.0.0' })).rejects.toThrow('give it a token')
    await expect(start({ token: 'short' })).rejects.toThrow('16 to 256')
    const base = await start({ host: '0.0.0.0', token: 'a-token-of-some-length' })
    expect((await fetch(base.replace('0.0.0.0', '127.0.0.1'))).status).toBe(200)
  })

  it('says what to do if the page is not built', async () => {
    await expect(
      startUi({ resolver: stage.resolver, pageDir: path.join(stage.dir, 'nowhere') }),
    ).rejects.toThrow('npm run build')
  })
})
