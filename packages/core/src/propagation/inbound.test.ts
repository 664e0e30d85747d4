import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fold64, hopIdNanos, IdGenerator, sealId } from '../id/index.js'
import { clusterKeys, newClusterKey } from '../key/index.js'
import type { HopId } from '../id/index.js'
import { readContext, type InboundContext } from './inbound.js'
import { writeContext, type OutboundContext } from './outbound.js'

const caller = new IdGenerator({ address: '10.0.0.1:4001' })
const assigned = caller.assign({ ip: '10.0.0.2', port: 4002 })
const trace = caller.next()
const nowNanos = hopIdNanos(assigned)
const keys = clusterKeys(newClusterKey(), false)
const wire = { keys, sealTraces: false }
const trusted = { trusted: true, nowNanos, keys }
const SPAN = '00f067aa0ba902b7'
const FOREIGN = '4bf92f3577b34da6a3ce929d0e0e4736'

const fresh: InboundContext = {
  continued: false,
  traceId: undefined,
  hopId: undefined,
  parentSpan: undefined,
  link: undefined,
  assignedId: undefined,
  flags: 1,
  asked: undefined,
  introduction: undefined,
  unknownKey: false,
  tracestate: '',
  sealedTrace: false,
}

const member = (id: HopId, traceId: string): string => `hoptrace=${id}-${keys.contextTag(id, traceId)}`
const sent = (id: HopId = assigned, tracestate = 'foo=1,bar=2'): Readonly<Record<string, string>> =>
  writeContext({ traceId: trace, flags: 1, tracestate, sealTrace: true }, id, wire, true).headers

describe('the headers of a hoptrace caller', () => {
  it('are plain W3C with our member left-most', () => {
    expect(sent()).toEqual({
      traceparent: `00-${trace}-${fold64(assigned)}-01`,
      tracestate: `${member(assigned, trace)},foo=1,bar=2`,
    })
    expect(sent(assigned, '')['tracestate']).toBe(member(assigned, trace))
  })

  it('give the hop its trace and its id', () => {
    expect(readContext(sent(), trusted)).toEqual({
      ...fresh,
      continued: true,
      traceId: trace,
      hopId: assigned,
      asked: assigned,
      tracestate: 'foo=1,bar=2',
    })
  })

  it('keep the trace through a proxy that inserts a span, and the assigned id is kept', () => {
    const headers = { ...sent(), traceparent: `00-${trace}-${SPAN}-01` }
    const context = readContext(headers, trusted)
    expect(context).toMatchObject({
      traceId: trace,
      hopId: undefined,
      parentSpan: SPAN,
      assignedId: assigned,
    })
    expect(context.asked).toBe(assigned)
  })

  it('that come too late or too early keep the trace, and the assigned id is remembered', () => {
    const second = 1_000_000_000n
    for (const nanos of [nowNanos + 60n * second + 1n, nowNanos - 5n * second - 1n]) {
      const context = readContext(sent(), { ...trusted, nowNanos: nanos })
      expect(context).toMatchObject({
        traceId: trace,
        hopId: undefined,
        assignedId: assigned,
        parentSpan: undefined,
      })
    }
    for (const nanos of [nowNanos + 60n * second, nowNanos - 5n * second]) {
      expect(readContext(sent(), { ...trusted, nowNanos: nanos }).hopId).toBe(assigned)
    }
  })

  it('of more than five minutes ago are those of a foreign caller, and the assigned id is remembered; but not those of a message', () => {
    const late = { ...trusted, nowNanos: nowNanos + 300_000_000_001n }
    expect(readContext(sent(), late)).toEqual({
      ...fresh,
      continued: true,
      traceId: trace,
      parentSpan: fold64(assigned),
      assignedId: assigned,
      introduction: assigned,
      tracestate: 'foo=1,bar=2',
    })
    expect(readContext(sent(), { ...late, anyAge: true })).toMatchObject({
      assignedId: assigned,
      asked: assigned,
    })
  })

  it('with the tag of another key, trace or id are those of a foreign caller, and the answer names the key', () => {
    const other = clusterKeys(newClusterKey(), false)
    const second = caller.assign({ ip: '10.0.0.2', port: 4002 })
    const tags = [
      other.contextTag(assigned, trace),
      keys.contextTag(assigned, FOREIGN),
      keys.contextTag(second, trace),
      '0'.repeat(16),
    ]
    for (const tag of tags) {
      const headers = { ...sent(), tracestate: `hoptrace=${assigned}-${tag},foo=1` }
      expect(readContext(headers, trusted)).toEqual({
        ...fresh,
        continued: true,
        traceId: trace,
        parentSpan: fold64(assigned),
        unknownKey: true,
        tracestate: 'foo=1',
      })
    }
  })

  it('from an untrusted peer begin a new trace that links theirs', () => {
    const headers = sent()
    expect(readContext(headers, { ...trusted, trusted: false })).toEqual({
      ...fresh,
      link: headers['traceparent'],
    })
  })

  it('with an unassigned id, or without our member, are those of a foreign caller', () => {
    const own = caller.next()
    const values = [
      'x',
      '0'.repeat(32),
      `${'A'.repeat(32)}-${'0'.repeat(16)}`,
      `${assigned}-`,
      '?x',
      assigned,
    ]
    values.push(`${own}-${keys.contextTag(own, FOREIGN)}`)
    for (const value of values) {
      const headers = { traceparent: `00-${FOREIGN}-${SPAN}-00`, tracestate: `hoptrace=${value},foo=1` }
      expect(readContext(headers, trusted)).toEqual({
        ...fresh,
        continued: true,
        traceId: FOREIGN,
        parentSpan: SPAN,
        flags: 0,
        tracestate: 'foo=1',
      })
    }
  })
})

describe('an introduction', () => {
  const introduced = writeContext(
    { traceId: trace, flags: 1, tracestate: 'foo=1', sealTrace: true },
    assigned,
    wire,
    false,
  )

  it('shows no id, continues the trace under an id of the callee, and asks for a proof', () => {
    const sealed = sealId(keys.seal, assigned)
    expect(introduced).toEqual({
      asked: sealed,
      parentId: fold64(assigned),
      headers: {
        traceparent: `00-${sealId(keys.seal, trace)}-${fold64(assigned)}-01`,
        tracestate: `hoptrace=?${sealed};s,foo=1`,
      },
    })
    expect(readContext(introduced.headers, trusted)).toEqual({
      ...fresh,
      continued: true,
      traceId: trace,
      assignedId: assigned,
      introduction: sealed,
      tracestate: 'foo=1',
      sealedTrace: true,
    })
  })

  it('leaves a foreign trace-id as it came', () => {
    const context = { traceId: FOREIGN, flags: 1, tracestate: '', sealTrace: false }
    const { headers } = writeContext(context, assigned, wire, false)
    expect(headers['traceparent']).toContain(FOREIGN)
    expect(readContext(headers, trusted)).toMatchObject({
      traceId: FOREIGN,
      introduction: sealId(keys.seal, assigned),
    })
  })

  it('of long ago, or under another key, is that of a foreign caller', () => {
    const late = readContext(introduced.headers, {
      ...trusted,
      nowNanos: nowNanos + 300_000_000_001n,
      anyAge: true,
    })
    expect(late).toMatchObject({ introduction: undefined, assignedId: undefined, unknownKey: false })
    expect(late.traceId).not.toBe(trace)
    const other = readContext(introduced.headers, { ...trusted, keys: clusterKeys(newClusterKey(), false) })
    expect(other).toMatchObject({ introduction: undefined, assignedId: undefined, unknownKey: true })
  })
})

describe('the headers of a foreign caller', () => {
  it('are continued: the trace is theirs, the parent-id their span, the flags as they came', () => {
    for (const flags of [0x00, 0x01, 0x02, 0x03, 0xff]) {
      const text = flags.toString(16).padStart(2, '0')
      const context = readContext({ traceparent: `00-${FOREIGN}-${SPAN}-${text}` }, trusted)
      expect(context).toEqual({ ...fresh, continued: true, traceId: FOREIGN, parentSpan: SPAN, flags })
    }
  })

  it('may come in several lines of tracestate', () => {
    const headers = { traceparent: `00-${FOREIGN}-${SPAN}-01`, tracestate: ['foo=1', 'bar=2'] }
    expect(readContext(headers, trusted).tracestate).toBe('foo=1,bar=2')
  })

  it('with a malformed tracestate keep the trace and lose the state', () => {
    const headers = { traceparent: `00-${FOREIGN}-${SPAN}-01`, tracestate: 'foo=1,=' }
    expect(readContext(headers, trusted)).toMatchObject({ traceId: FOREIGN, tracestate: '' })
  })

  it('without a valid traceparent begin a new trace, whatever the state says', () => {
    const bad: unknown[] = [
      undefined,
      '',
      'x',
      `00-${FOREIGN}-${SPAN}-01-x`,
      7,
      null,
      {},
      [],
      'y'.repeat(1_000_000),
    ]
    bad.push([`00-${FOREIGN}-${SPAN}-01`, `00-${FOREIGN}-${SPAN}-01`])
    for (const traceparent of bad) {
      expect(readContext({ traceparent, tracestate: `${member(assigned, FOREIGN)},foo=1` }, trusted)).toEqual(
        fresh,
      )
    }
    expect(readContext({}, trusted)).toEqual(fresh)
  })

  it('are read from a fetch Headers object too', () => {
    expect(readContext(new Headers(sent()), trusted).hopId).toBe(assigned)
  })

  it('are read from the bytes that a message broker gives', () => {
    const bytes = Object.entries(sent()).map(([name, value]) => [name, Buffer.from(value)])
    expect(readContext(Object.fromEntries(bytes) as Record<string, unknown>, trusted).hopId).toBe(assigned)
    expect(readContext({ traceparent: Buffer.alloc(1_000_000) }, trusted)).toEqual(fresh)
  })

  it('never fail, whatever they hold', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (traceparent, tracestate) => {
        void readContext({ traceparent, tracestate }, trusted)
      }),
    )
    const hostile = {
      get traceparent(): string {
        throw new Error('hostile')
      },
    }
    expect(readContext(hostile, trusted)).toEqual(fresh)
  })
})

it('a chain of hops hands one trace, its flags and the members of others to the last one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 6 }), (flags, length) => {
      const send = (context: OutboundContext, id: HopId) => writeContext(context, id, wire, true).headers
      let headers = send({ traceId: FOREIGN, flags, tracestate: 'foo=1', sealTrace: false }, assigned)
      for (let i = 0; i < length; i++) {
        const context = readContext(headers, trusted)
        const id = caller.assign({ ip: '10.0.0.9', port: 1 })
        headers = send(
          {
            traceId: context.traceId ?? '',
            flags: context.flags,
            tracestate: context.tracestate,
            sealTrace: false,
          },
          id,
        )
        expect(headers).toEqual({
          traceparent: `00-${FOREIGN}-${fold64(id)}-0${flags}`,
          tracestate: `${member(id, FOREIGN)},foo=1`,
        })
      }
    }),
  )
})
