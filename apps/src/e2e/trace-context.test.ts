import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { traceAxios } from '@hoptrace/axios'
import { createTracer, type Tracer } from '@hoptrace/core'
import * as forExpress from '@hoptrace/express'
import * as forFastify from '@hoptrace/fastify'
import * as forKoa from '@hoptrace/koa'
import axios from 'axios'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// W3C Trace Context, Level 2: what a service makes of the context that it is sent shows in the calls that it makes. The cases
// are those that the Working Group's validation service asks a vendor's service for, and the keys of Level 2.

const TRACE = '12345678901234567890123456789012'
const SPAN = '1234567890123456'
const parent = `00-${TRACE}-${SPAN}-00`
const withState = (...states: string[]): string[] => [
  `traceparent: ${parent}`,
  ...states.map((state) => `tracestate: ${state}`),
]
const members = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, i) => `bar${from + i}=${from + i}`).join(',')

const continued: readonly (readonly [string, readonly string[]])[] = [
  ['a plain context', [`traceparent: ${parent}`]],
  ['a sampled context', [`traceparent: 00-${TRACE}-${SPAN}-01`]],
  ['a context with the random flag of Level 2', [`traceparent: 00-${TRACE}-${SPAN}-03`]],
  ['a name in mixed case', [`TrAcEpArEnT: ${parent}`]],
  ['a name in upper case', [`TRACEPARENT: ${parent}`]],
  ['a version of the future', [`traceparent: cc-${TRACE}-${SPAN}-01`]],
  ['a version of the future with more', [`traceparent: cc-${TRACE}-${SPAN}-01-what-comes`]],
  ['a space before it', [`traceparent:  ${parent}`]],
  ['a tab before it', [`traceparent:\t${parent}`]],
  ['a space behind it', [`traceparent: ${parent} `]],
  ['a tab behind it', [`traceparent: ${parent}\t`]],
  ['blanks on both sides', [`traceparent: \t ${parent} \t`]],
]

const begun: readonly (readonly [string, readonly string[]])[] = [
  ['no context', []],
  ['a context sent twice', [`traceparent: ${parent}`, `traceparent: 00-${'a'.repeat(32)}-${SPAN}-01`]],
  ['a name with a hyphen', [`trace-parent: ${parent}`]],
  ['a name with a dot', [`trace.parent: ${parent}`]],
  ...[
    ['version 00 with a character more', `00-${TRACE}-${SPAN}-01.`],
    ['version 00 with a field more', `00-${TRACE}-${SPAN}-01-what-comes`],
    ['a version of the future that goes on without a hyphen', `cc-${TRACE}-${SPAN}-01.what-comes`],
    ['the version that is forbidden', `ff-${TRACE}-${SPAN}-01`],
    ['a version with a dot first', `.0-${TRACE}-${SPAN}-01`],
    ['a version with a dot last', `0.-${TRACE}-${SPAN}-01`],
    ['a version of three digits', `000-${TRACE}-${SPAN}-01`],
    ['a version of four digits', `0000-${TRACE}-${SPAN}-01`],
    ['a version of one digit', `0-${TRACE}-${SPAN}-01`],
    ['a trace-id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a trace-id with a dot first', `00-.${TRACE.slice(1)}-${SPAN}-01`],
    ['a trace-id with a dot last', `00-${TRACE.slice(0, 31)}.-${SPAN}-01`],
    ['a trace-id in upper case', `00-${'AB'.repeat(16)}-${SPAN}-01`],
    ['a trace-id that is too long', `00-${TRACE}3-${SPAN}-01`],
    ['a trace-id that is too short', `00-${TRACE.slice(0, 31)}-${SPAN}-01`],
    ['a parent-id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['a parent-id with a dot first', `00-${TRACE}-.${SPAN.slice(1)}-01`],
    ['a parent-id with a dot last', `00-${TRACE}-${SPAN.slice(0, 15)}.-01`],
    ['a parent-id that is too long', `00-${TRACE}-${SPAN}7-01`],
    ['a parent-id that is too short', `00-${TRACE}-${SPAN.slice(0, 15)}-01`],
    ['flags with a dot first', `00-${TRACE}-${SPAN}-.0`],
    ['flags with a dot last', `00-${TRACE}-${SPAN}-0.`],
    ['flags of three digits', `00-${TRACE}-${SPAN}-001`],
    ['flags of one digit', `00-${TRACE}-${SPAN}-1`],
  ].map(([title, value]) => [title as string, [`traceparent: ${value}`]] as const),
]

const everyKeyCharacter = 'abcdefghijklmnopqrstuvwxyz0123456789_-*/'
const everyValueCharacter = String.fromCharCode(
  ...Array.from({ length: 0x5f }, (_, i) => 0x20 + i).filter((code) => code !== 0x2c && code !== 0x3d),
)

/** What is sent, and the members that are passed on. */
const states: readonly (readonly [string, readonly string[], string])[] = [
  ['two members', withState('foo=1,bar=2'), 'foo=1,bar=2'],
  ['a state without a context', ['tracestate: foo=1'], ''],
  ['a name with a hyphen', [`traceparent: ${parent}`, 'trace-state: foo=1'], ''],
  ['a name with a dot', [`traceparent: ${parent}`, 'trace.state: foo=1'], ''],
  ['a name in mixed case', [`traceparent: ${parent}`, 'TrAcEsTaTe: foo=1'], 'foo=1'],
  ['a name in upper case', [`traceparent: ${parent}`, 'TRACESTATE: foo=1'], 'foo=1'],
  ['an empty state', withState(''), ''],
  ['an empty state behind another', withState('foo=1', ''), 'foo=1'],
  ['an empty state before another', withState('', 'foo=1'), 'foo=1'],
  [
    'several headers',
    withState('foo=1,bar=2', 'rojo=1,congo=2', 'baz=3'),
    'foo=1,bar=2,rojo=1,congo=2,baz=3',
  ],
  ['a key that comes twice', withState('foo=1,foo=2'), 'foo=1'],
  ['a key that comes again in another header', withState('foo=1', 'foo=2'), 'foo=1'],
  [
    'every character of a key and of a value',
    withState(`${everyKeyCharacter}=${everyValueCharacter}`),
    `${everyKeyCharacter}=${everyValueCharacter}`,
  ],
  [
    'every character of a key with a vendor',
    withState(`${everyKeyCharacter}@a-z0-9_-*/=${everyValueCharacter}`),
    `${everyKeyCharacter}@a-z0-9_-*/=${everyValueCharacter}`,
  ],
  ['blanks around members', withState('foo=1 \t , \t bar=2, \t baz=3'), 'foo=1,bar=2,baz=3'],
  ['tabs around members', withState('foo=1\t \t,\t \tbar=2,\t \tbaz=3'), 'foo=1,bar=2,baz=3'],
  ['blanks around the state', withState('\t foo=1 \t'), 'foo=1'],
  ['a key with a space', withState('foo =1'), ''],
  ['a key in upper case', withState('FOO=1'), ''],
  ['a key with a dot', withState('foo.bar=1'), ''],
  ['a key that begins with @', withState('@foo=1,bar=2'), ''],
  ['a key that begins with a digit', withState('0foo=1,bar=2'), '0foo=1,bar=2'],
  ['a key that ends with @', withState('foo@=1,bar=2'), 'foo@=1,bar=2'],
  ['a key with several @', withState('foo@bar@@baz=1,bar=2'), 'foo@bar@@baz=1,bar=2'],
  ['a key of 256 characters', withState('foo=1', `${'z'.repeat(256)}=1`), `foo=1,${'z'.repeat(256)}=1`],
  ['a key of 257 characters', withState('foo=1', `${'z'.repeat(257)}=1`), ''],
  ['a long vendor', withState('foo=1', `t@${'v'.repeat(15)}=1`), `foo=1,t@${'v'.repeat(15)}=1`],
  ['33 members', withState(members(1, 10), members(11, 20), members(21, 33)), ''],
  ['a value with =', withState('foo=bar=baz'), ''],
  ['an empty value', withState('foo=,bar=3'), ''],
]

interface Subject {
  readonly name: string
  /** A server whose one route makes three calls to `sink`. */
  readonly start: (tracer: Tracer, callSink: () => Promise<void>) => Promise<Server>
}

const subjects: readonly Subject[] = [
  {
    name: 'express',
    start: async (tracer, callSink) => {
      const app = express().use(forExpress.hoptrace(tracer))
      app.get('/', async (_req, res) => {
        await callSink()
        res.end()
      })
      return listening(app.listen(0, '127.0.0.1'))
    },
  },
  {
    name: 'koa',
    start: async (tracer, callSink) => {
      const app = new Koa().use(forKoa.hoptrace(tracer))
      app.use(async (context) => {
        await callSink()
        context.body = ''
      })
      return listening(app.listen(0, '127.0.0.1'))
    },
  },
  {
    name: 'fastify',
    start: async (tracer, callSink) => {
      const app = fastify()
      await app.register(forFastify.hoptrace(tracer))
      app.get('/', async () => {
        await callSink()
        return ''
      })
      await app.listen({ port: 0, host: '127.0.0.1' })
      return app.server
    },
  },
]

describe.each(subjects)('W3C Trace Context, Level 2, through $name', ({ start }) => {
  let dataDir: string
  let tracer: Tracer
  let sink: Server
  let server: Server
  let seen: IncomingMessage[] = []

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-context-'))
    tracer = createTracer({ service: 'traced', dataDir })
    sink = await listening(
      createServer((incoming, response) => {
        seen.push(incoming)
        response.end()
      }).listen(0, '127.0.0.1'),
    )
    const client = traceAxios(axios.create(), tracer)
    server = await start(tracer, async () => {
      for (let i = 0; i < 3; i++) await client.get(urlOf(sink))
    })
  })

  afterAll(async () => {
    for (const one of [server, sink]) {
      one.close()
      one.closeAllConnections()
    }
    await tracer.close()
    await rm(dataDir, { recursive: true })
  })

  /** What the service's three calls carry after a request with these header lines. */
  const callsAfter = async (lines: readonly string[]): Promise<Context[]> => {
    seen = []
    expect(await statusOf(server, lines)).toBe(200)
    expect(seen).toHaveLength(3)
    const calls = seen.map(contextOf)
    for (const { traceId, parentId } of calls) {
      expect(traceId).not.toBe('0'.repeat(32))
      expect(parentId).not.toBe('0'.repeat(16))
    }
    expect(new Set(calls.map((call) => call.traceId)).size).toBe(1)
    expect(new Set(calls.map((call) => call.parentId)).size).toBe(3)
    return calls
  }

  it.each(continued)('%s is continued, and each call has a parent-id of its own', async (_, lines) => {
    for (const call of await callsAfter(lines)) {
      expect(call.traceId).toBe(TRACE)
      expect(call.parentId).not.toBe(SPAN)
    }
  })

  it.each(begun)('%s begins a trace', async (_, lines) => {
    for (const call of await callsAfter(lines)) expect(call.traceId).not.toBe(TRACE)
  })

  it.each(states)('of %s the members that count are passed on', async (_, lines, passedOn) => {
    for (const call of await callsAfter(lines)) {
      const others = call.tracestate.split(',').filter((member) => !member.startsWith('hoptrace='))
      expect(others.join(',')).toBe(passedOn)
      if (lines.includes(`traceparent: ${parent}`)) expect(call.traceId).toBe(TRACE)
    }
  })

  it('of 32 members and ours, the right-most is left out', async () => {
    const [call] = await callsAfter(withState(members(1, 10), members(11, 20), members(21, 32)))
    const sent = call?.tracestate.split(',') ?? []
    expect(sent).toHaveLength(32)
    expect(sent[0]).toMatch(/^hoptrace=/)
    expect(sent.slice(1).join(',')).toBe(members(1, 31))
  })
})

interface Context {
  readonly traceId: string
  readonly parentId: string
  readonly tracestate: string
}

function contextOf({ headersDistinct }: IncomingMessage): Context {
  expect(headersDistinct['traceparent']).toHaveLength(1)
  const [traceparent = ''] = headersDistinct['traceparent'] ?? []
  expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
  const [, traceId = '', parentId = ''] = traceparent.split('-')
  return { traceId, parentId, tracestate: (headersDistinct['tracestate'] ?? []).join(',') }
}

async function listening(server: Server): Promise<Server> {
  await once(server, 'listening')
  return server
}

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

/** Sends the header lines byte for byte: an HTTP client would tidy them. */
async function statusOf(server: Server, lines: readonly string[]): Promise<number> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(['GET / HTTP/1.1', 'Host: localhost', 'Connection: close', ...lines, '', ''].join('\r\n'))
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(await text(socket)) ?? []
  return Number(status)
}
