import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { clusterKey } from './outsider.fixture.js'
import { resolved } from './questions.fixture.js'
import { Scene } from './scene.fixture.js'

/** A callee that keeps the headers of its requests, and answers as the test sets it. */
class Callee implements AsyncDisposable {
  readonly seen: IncomingHttpHeaders[] = []
  readonly #server
  answer: (res: ServerResponse, headers: IncomingHttpHeaders) => void = (res) => res.end('{}')

  constructor() {
    this.#server = createServer((req, res) => {
      this.seen.push(req.headers)
      req.resume().once('end', () => this.answer(res, req.headers))
    })
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

const only = ({ traceparent = '', tracestate = '' }: IncomingHttpHeaders): Record<string, string> => ({
  traceparent: String(traceparent),
  tracestate: String(tracestate),
})

/** What an answer must not tell to those who are not of the cluster. */
function told(headers: Headers, hopId: string): string[] {
  const text = [...headers].map(([name, value]) => `${name}: ${value}`).join('\n')
  return ['edge', '127.0.0.1', hopId, hopId.slice(0, 16)].filter((secret) => text.includes(secret))
}

describe('a third party that a service calls', () => {
  it('18.2 is given no id of the cluster, and nothing for what it replays at the edge', async () => {
    await using scene = new Scene()
    await using callee = await new Callee().listen()
    // Names lead to loopback in this service, so that a name of the internet can be called.
    const edge = await scene.service('edge', { clusterKey }, { env: { LOOKUP: 'loopback' } })
    const { body } = await edge.work({ call: [`http://payments.example.com:${callee.port}/charge`] })
    expect(body.statuses).toEqual([200])
    const [seen = {}] = callee.seen
    const text = JSON.stringify(seen)
    expect(text).not.toContain(body.hopId)
    expect(text).not.toContain(body.hopId.slice(0, 14))
    for (let times = 0; times < 3; times++) {
      const replayed = await edge.work({}, only(seen))
      expect(told(replayed.headers, replayed.body.hopId)).toEqual([])
      expect(replayed.body.hopId).not.toBe(body.hopId)
    }
  })

  it('18.2 makes no two requests one by what it replays, though it is on a private address', async () => {
    await using scene = new Scene()
    await using callee = await new Callee().listen()
    const edge = await scene.service('edge', { clusterKey })
    const other = await scene.service('other', { clusterKey })
    await edge.work({ call: [`http://127.0.0.1:${callee.port}/charge`] })
    const headers = only(callee.seen[0] ?? {})
    const ids: string[] = []
    for (const service of [edge, other, edge, other]) ids.push((await service.work({}, headers)).body.hopId)
    expect(new Set(ids).size).toBe(4)
  })

  it('18.2 names nobody but itself by a hoptrace header of its own', async () => {
    await using scene = new Scene()
    await using callee = await new Callee().listen()
    const edge = await scene.service('edge', { clusterKey })
    const id = '18eb6746ee1d484480007f00000180af'
    const forged = [
      `${id};payments;10.0.0.9:8080`,
      `${id};payments;10.0.0.9:8080;0123456789abcdef`,
      `${id}-0123456789abcdef`,
      `${id};payments;10.0.0.9:8080;${'0'.repeat(16)}, ${id}`,
      'key=00000000',
      ';;;',
    ]
    for (const [index, header] of forged.entries()) {
      callee.answer = (res) => res.setHeader('hoptrace', header).end('{}')
      const task = `forged-${index}`
      // Once it has been named, the next call breaks.
      const url = `http://127.0.0.1:${callee.port}/charge`
      await edge.work({ task, call: [url] })
      callee.answer = (res) => res.destroy()
      await edge.work({ task: `${task}-reset`, call: [url] })
      for (const asked of [task, `${task}-reset`]) {
        const answer = await resolved(scene.dataDir, `task=${asked}`, [], {
          env: { HOPTRACE_KEY: clusterKey },
        })
        expect(JSON.stringify(answer)).not.toMatch(/payments|10\.0\.0\.9/)
        expect(answer.verdict).not.toBe('unreachable')
      }
    }
  })
})
