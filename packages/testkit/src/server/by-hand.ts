import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { KitResponse } from '../adapter/exchange.js'
import { startBare, startTraced } from './running.js'
import type { ServerSubject } from './subject.js'

type Answer = (res: ServerResponse, note: (what: unknown) => void) => void

/** What an application may do with a response past its framework, and what it can find out. */
const answers: readonly (readonly [string, Answer])[] = [
  ['a head with a list that repeats a name', (res) => end(res.writeHead(200, cookies.flat()))],
  [
    'a head with a list of pairs',
    (res, note) => end(tried(res, note, () => res.writeHead(200, cookies as unknown as string[]))),
  ],
  [
    'a head with a list of odd length',
    (res, note) => end(tried(res, note, () => res.writeHead(200, ['x-a']))),
  ],
  ['a head with names that differ by case', (res) => end(res.writeHead(200, { 'X-Kit': '1', 'x-kit': '2' }))],
  ['a head with a reason', (res) => end(res.writeHead(201, 'Made', { 'x-kit': ['1', '2'] }))],
  ['a head with a reason and a list', (res) => end(res.writeHead(201, 'Made', cookies.flat()))],
  ['a head alone', (res) => end(res.writeHead(204))],
  [
    'headers that were set, and more in the head',
    (res) => end(withSet(res).writeHead(200, { 'X-More': '1' })),
  ],
  [
    'headers that were set, and a list in the head',
    (res) => end(withSet(res).writeHead(200, cookies.flat())),
  ],
  ['headers that were set', (res) => end(withSet(res))],
  ['headers that were set together', (res) => end(res.setHeaders(new Map([['x-kit', '1']])))],
  [
    'a head that is flushed',
    (res) => {
      withSet(res).flushHeaders()
      end(res)
    },
  ],
  ['early hints', (res) => res.writeEarlyHints({ link: '</kit.css>; rel=preload' }, () => end(withSet(res)))],
  [
    'trailers',
    (res) => {
      res.writeHead(200, { trailer: 'x-end' })
      res.addTrailers({ 'x-end': '1' })
      end(res)
    },
  ],
  [
    'headers of the same names as ours',
    (res) => {
      res.setHeader('TraceResponse', '00-kit')
      end(res.writeHead(200, { Hoptrace: 'kit', 'x-kit': '1' }))
    },
  ],
  [
    'what it can ask for',
    (res, note) => {
      const ask = (): void =>
        note([
          res.getHeaderNames(),
          res.getHeaders(),
          res.headersSent,
          res.hasHeader('traceresponse'),
          res.listenerCount('close'),
        ])
      ask()
      withSet(res)
      ask()
      res.write('part ')
      ask()
      res.once('finish', ask)
      end(res)
      ask()
    },
  ],
  [
    'a second head',
    (res, note) => {
      res.writeHead(200)
      tried(res, note, () => res.writeHead(500))
      end(res)
    },
  ],
  [
    'methods that it replaced, with the arguments that it gave',
    (res, note) => {
      const methods = res as unknown as Record<string, (...args: unknown[]) => unknown>
      for (const name of ['writeHead', 'write', 'end', '_storeHeader', 'emit']) {
        const original = methods[name] as (...args: unknown[]) => unknown
        note([name, original.name, original.length])
        methods[name] = function (...args) {
          if (name !== '_storeHeader' && name !== 'emit') note([name, args.length])
          return original.apply(this, args)
        }
      }
      res.write('part ')
      end(res)
    },
  ],
  [
    'setHeader that it replaced',
    (res) => end(Object.assign(res, { setHeader: refuse, appendHeader: refuse })),
  ],
  ['headersSent that it redefined', (res) => end(redefined(res, 'headersSent', () => false))],
  ['headersSent that throws', (res) => end(redefined(res, 'headersSent', refuse))],
  ['getHeader that throws', (res) => end(Object.assign(res, { getHeader: refuse, hasHeader: refuse }))],
]

const cookies: readonly (readonly [string, string])[] = [
  ['Set-Cookie', 'sid=1'],
  ['Set-Cookie', 'csrf=2'],
]

const end = (res: unknown): void => {
  ;(res as ServerResponse).end()
}

function withSet(res: ServerResponse): ServerResponse {
  return res.setHeader('X-Kit', '1').setHeader('set-cookie', ['a=1', 'b=2'])
}

function refuse(): never {
  throw new Error('not by this application')
}

function redefined(res: ServerResponse, name: string, get: () => unknown): ServerResponse {
  return Object.defineProperty(res, name, { get, configurable: true })
}

function tried(res: ServerResponse, note: (what: unknown) => void, work: () => unknown): ServerResponse {
  try {
    work()
  } catch (error) {
    note(String(error))
  }
  return res
}

/** Answers of an application that uses the response past its framework. */
export function testByHand(subject: ServerSubject): void {
  describe('is transparent for an application that answers by hand:', () => {
    it.each(answers)('%s', async (_, answer) => {
      const seen = { bare: [] as unknown[], traced: [] as unknown[] }
      const hooks = (notes: unknown[]) => ({
        byHand: ({ res }: { res: ServerResponse }) => answer(res, (what) => notes.push(what)),
      })
      await using bare = await startBare(subject, { hooks: hooks(seen.bare) })
      await using traced = await startTraced(subject, { hooks: hooks(seen.traced) })
      const request = { path: '/by-hand' }
      const [expected, got] = [await bare.send(request), await traced.send(request)]
      expect(asSent(got)).toEqual(asSent(expected))
      expect(seen.traced).toEqual(seen.bare)
      const record = await traced.kit.eventually(({ state }) => state === 'closed')
      expect(record).toMatchObject({ status: expected.status, aborted: false })
      expect(got.rawHeaders.filter((name) => name === 'traceresponse')).toHaveLength(1)
    })
  })
}

/** In the order in which it came. */
function asSent({ status, statusText, rawHeaders, body, trailers }: KitResponse): object {
  const headers: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase()
    if (name !== 'hoptrace' && name !== 'traceresponse')
      headers.push(`${rawHeaders[i]}: ${name === 'date' ? '' : rawHeaders[i + 1]}`)
  }
  return { status, statusText, headers, body: body.toString('latin1'), trailers }
}
