import { renameSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askSocketOf } from './ask.fixture.js'
import { hoptrace } from './processes.fixture.js'
import { resolved } from './questions.fixture.js'
import { Scene } from './scene.fixture.js'

type Json = Record<string, unknown>

const invented = 'invented: card table corrupt'

const lies = {
  'what they recorded': { keys: [['note', invented]] },
  'a failure of theirs': { status: 500, error: { name: 'Error', message: invented, code: null } },
} as const

/** The answers of an instance with false records of other runs, or of its own calls. */
function lied(answer: Json, service: string, { calls, ...made }: Json): Json {
  const { subtree, lookup } = answer as {
    readonly subtree: { readonly hops: Json[] } | null
    readonly lookup: { readonly record?: Json }
  }
  if (typeof calls === 'number' && lookup.record !== undefined) return withCalls(answer, lookup.record, calls)
  if (subtree === null) return answer
  const hops = subtree.hops.map((hop) => {
    const record = hop['record'] as Json
    if (record['service'] === service) return hop
    return { ...hop, record: { ...record, ...made } }
  })
  return { ...answer, subtree: { ...subtree, hops } }
}

/**
 * The record of an instance that claims this many additional calls, each to one of its addresses, so that
 * they form a circle.
 */
function withCalls(answer: Json, record: Json, calls: number): Json {
  const [call] = record['next'] as Json[]
  const { hopId: own } = record as { readonly hopId: string }
  const next = Array.from({ length: calls }, (_, index) => ({
    ...call,
    servedBy: null,
    hopId: `${own.slice(0, 8)}${index.toString(16).padStart(8, '0')}8${own.slice(17)}`,
  }))
  return { ...answer, lookup: { kind: 'found', source: 'live', record: { ...record, next } }, subtree: null }
}

/** Puts itself in the place of a run's socket: it passes questions on, and changes what comes back. */
async function standIn(socketPath: string, service: string, made: () => Json): Promise<Server> {
  const real = `${socketPath}.real`
  renameSync(socketPath, real)
  const server = createServer((req, res) => {
    const { url, headers } = req
    const asked = request({ socketPath: real, path: url, headers, agent: false }, (answer) => {
      void text(answer).then((body) => {
        const isHop = url?.includes('/hops/') === true
        res.writeHead(answer.statusCode ?? 500, { 'content-type': 'application/json' })
        res.end(
          isHop && answer.statusCode === 200
            ? JSON.stringify(lied(JSON.parse(body) as Json, service, made()))
            : body,
        )
      })
    })
    asked.once('error', () => res.destroy()).end()
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  return server
}

describe('an instance that has the key', () => {
  const scene = new Scene()
  let liar: Server
  let made: Json = {}
  beforeAll(async () => {
    const [back, last] = await Promise.all([scene.service('back'), scene.service('last')])
    const middle = await scene.service('middle')
    const front = await scene.service('front')
    await front.work({
      task: 'lied',
      call: [{ url: `${middle.url}/work`, call: [`${back.url}/work`] }, `${last.url}/work`],
    })
    liar = await standIn(askSocketOf(scene.dataDir, 'middle'), 'middle', () => made)
  })
  afterAll(async () => {
    liar.closeAllConnections()
    liar.close()
    await scene[Symbol.asyncDispose]()
  })

  it('18.3 changes no verdict by what it tells of the hops of others, and is named beside them', async () => {
    made = lies['what they recorded']
    const { verdict, hops, evidence } = await resolved(scene.dataDir, 'task=lied', ['--recursive'])
    expect(verdict).toBe('completed')
    expect(hops.map(({ service }) => service)).toEqual(['front', 'middle', 'back', 'last'])
    const back = hops.find(({ service }) => service === 'back')
    expect(back).toMatchObject({ keys: { note: invented } })
    expect(back?.toldBy).toMatch(/^front 127/)
    expect(evidence.join()).not.toContain(invented)
    const { stdout } = await hoptrace(['resolve', 'task=lied', '--recursive', '--dir', scene.dataDir])
    expect(stdout).toMatch(/not confirmed by back, as front 127/)
  })

  it('18.3 makes nothing fail by what it tells: the run itself is asked', async () => {
    made = lies['a failure of theirs']
    const { verdict, hops, evidence } = await resolved(scene.dataDir, 'task=lied', ['--recursive'])
    expect(verdict).toBe('completed')
    expect(JSON.stringify([hops, evidence])).not.toContain(invented)
  })

  it('18.7 keeps no question from its end by a circle of 30,000 calls', async () => {
    made = { calls: 30_000 }
    for (const more of [[], ['--recursive']]) {
      const words = ['resolve', 'task=lied', '--timeout', '4s', '--json', '--dir', scene.dataDir, ...more]
      const { code, stdout } = await hoptrace(words)
      expect(code).not.toBe('late')
      // Where the instance is too slow to be heard, what it recorded is read in its place.
      const { verdict } = JSON.parse(stdout) as { readonly verdict: string }
      expect(['undetermined', 'completed']).toContain(verdict)
    }
  })

  it('18.3 is not asked about the hops of others by one that asks each run itself', async () => {
    made = lies['what they recorded']
    const answer = await resolved(scene.dataDir, 'task=lied')
    expect(answer.verdict).toBe('completed')
    expect(answer.hops).toHaveLength(4)
    expect(JSON.stringify(answer)).not.toMatch(/invented|toldBy/)
  })
})
