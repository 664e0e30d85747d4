import type { CallJson, ResolveResult, WalkedHopJson } from '@hoptrace/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { holdsText, shownRows, traceModel } from './trace-model.js'

const id = (n: number): CallJson['hopId'] => n.toString(16).padStart(32, '0') as CallJson['hopId']

const hop = (n: number, fields: Partial<WalkedHopJson> = {}): WalkedHopJson => ({
  hopId: id(n),
  traceId: id(0),
  service: `s${n}`,
  instance: `127.0.0.1:${4000 + n}`,
  method: 'GET',
  route: '/',
  status: 200,
  state: 'closed',
  startTime: '2026-11-22T15:00:00.000000000Z',
  durationMicros: 1000,
  error: null,
  aborted: false,
  keys: {},
  attributes: {},
  events: [],
  next: [],
  crash: null,
  shed: 0,
  lost: 0,
  source: 'store',
  calledBy: null,
  depth: 0,
  ...fields,
})

const call = (n: number, fields: Partial<CallJson> = {}): CallJson => ({
  hopId: id(n),
  target: `127.0.0.1:${4000 + n}`,
  service: `s${n}`,
  method: 'GET',
  outcome: '200',
  offsetMicros: 100,
  durationMicros: 800,
  found: 'hop',
  ...fields,
})

const at = (micros: number): string => `2026-11-22T15:00:00.${String(micros * 1000).padStart(9, '0')}Z`

const answer = (hops: readonly WalkedHopJson[], fields: Partial<ResolveResult> = {}) => ({
  verdict: 'completed' as const,
  endedAt: null,
  lastHealthy: null,
  hops,
  ...fields,
})

describe('traceModel', () => {
  it('has a row for each hop, and one for each call that led to none, in the order of the calls', () => {
    const gone = call(3, { found: 'absent', outcome: 'ECONNRESET', durationMicros: 50 })
    const model = traceModel(
      answer([
        hop(0, { next: [call(1), gone, call(2)] }),
        hop(1, { depth: 1, calledBy: id(0) }),
        hop(2, { depth: 1, calledBy: id(0) }),
      ]),
    )
    expect(model.rows.map(({ hop: found, call: made }) => [found?.service, made?.target])).toEqual([
      ['s0', undefined],
      ['s1', '127.0.0.1:4001'],
      [undefined, '127.0.0.1:4003'],
      ['s2', '127.0.0.1:4002'],
    ])
    expect(model.rows[0]?.children).toEqual([1, 2, 3])
    expect(model.rows[2]?.isError).toBe(true)
  })

  it('marks where a request ended, also if there is no record, and the last healthy hop', () => {
    const gone = call(1, { found: 'absent', outcome: 'ECONNRESET' })
    const model = traceModel(
      answer([hop(0, { next: [gone] })], {
        verdict: 'died',
        endedAt: { service: 's1', instance: '127.0.0.1:4001', hopId: id(1) },
        lastHealthy: { service: 's0', instance: '127.0.0.1:4000', hopId: id(0) },
      }),
    )
    expect(model.rows.map(({ isEnd, isLastHealthy }) => [isEnd, isLastHealthy])).toEqual([
      [false, true],
      [true, false],
    ])
  })

  it('marks no place of a request that completed', () => {
    const place = { service: 's0', instance: '127.0.0.1:4000', hopId: id(0) }
    const [row] = traceModel(answer([hop(0)], { endedAt: place, lastHealthy: place })).rows
    expect([row?.isEnd, row?.isLastHealthy]).toEqual([false, false])
  })

  it('moves a callee whose clock is wrong to where its caller called it, and says by how much', () => {
    const early = hop(1, {
      depth: 1,
      calledBy: id(0),
      startTime: '2026-11-22T14:59:59.000000000Z',
      durationMicros: 500,
    })
    const { rows } = traceModel(answer([hop(0, { next: [call(1)] }), early]))
    expect(rows[1]).toMatchObject({ startMicros: 100, endMicros: 600, shiftMicros: 1_000_100 })
    const calling = { ...early, next: [call(2, { found: 'absent' })] }
    const { rows: below } = traceModel(answer([hop(0, { next: [call(1)] }), calling]))
    // A call without a record has no clock of its own.
    expect(below[2]).toMatchObject({ startMicros: 200, shiftMicros: 0 })
    const late = hop(1, {
      depth: 1,
      calledBy: id(0),
      startTime: '2026-11-22T15:00:09.000000000Z',
      durationMicros: 500,
    })
    expect(traceModel(answer([hop(0, { next: [call(1)] }), late])).rows[1]).toMatchObject({
      startMicros: 400,
      endMicros: 900,
    })
  })

  it('lets a hop without an end last as long as what it called', () => {
    const open = hop(0, {
      state: 'open',
      status: null,
      durationMicros: null,
      next: [call(1, { durationMicros: null, outcome: null })],
    })
    const { rows, spanMicros } = traceModel(
      answer([open, hop(1, { depth: 1, calledBy: id(0), startTime: at(200), durationMicros: 5000 })]),
    )
    expect([rows[0]?.endMicros, spanMicros, rows[0]?.isOpen]).toEqual([5200, 5200, true])
  })

  it('has a critical path without overlap that covers the whole entry', () => {
    const trees = fc.array(fc.record({ parent: fc.nat(), start: fc.nat(900), length: fc.nat(900) }), {
      maxLength: 30,
    })
    fc.assert(
      fc.property(trees, (drafts) => {
        const { rows } = traceModel(answer(chain(drafts)))
        const spans = rows.flatMap(({ critical }) => critical).toSorted((a, b) => a[0] - b[0])
        expect(spans[0]?.[0]).toBe(0)
        expect(spans.at(-1)?.[1]).toBe(rows[0]?.endMicros)
        for (const [index, [from, to]] of spans.entries()) {
          expect(to).toBeGreaterThan(from)
          if (index > 0) expect(from).toBeCloseTo(spans[index - 1]?.[1] ?? 0, 6)
        }
      }),
    )
  })

  it('has each row after its caller, within one level, whatever the answer holds', () => {
    const trees = fc.array(fc.record({ parent: fc.nat(), start: fc.nat(900), length: fc.nat(900) }), {
      maxLength: 40,
    })
    fc.assert(
      fc.property(trees, (drafts) => {
        const hops = chain(drafts)
        const { rows } = traceModel(answer(hops))
        expect(rows.filter((row) => row.hop !== undefined)).toHaveLength(hops.length)
        for (const [index, { parent, depth, startMicros }] of rows.entries()) {
          expect(parent).toBeLessThan(index)
          if (parent < 0) continue
          expect(depth).toBe((rows[parent]?.depth ?? 0) + 1)
          expect(startMicros).toBeGreaterThanOrEqual(rows[parent]?.startMicros ?? 0)
        }
      }),
    )
  })

  it('gives no row for an answer without a hop', () => {
    expect(traceModel(answer([]))).toEqual({ rows: [], spanMicros: 1, startTime: null })
  })
})

/** Hops of a tree, each before what it called. */
function chain(drafts: readonly { parent: number; start: number; length: number }[]): WalkedHopJson[] {
  const nodes = [
    { parent: -1, start: 0, length: 1000 },
    ...drafts.map((one, index) => ({ ...one, parent: one.parent % (index + 1) })),
  ]
  const hops: WalkedHopJson[] = []
  const visit = (node: number, depth: number): void => {
    const kids = nodes.flatMap(({ parent }, index) => (parent === node ? [index] : []))
    const next = kids.map((kid) => {
      const { start, length } = nodes[kid] as (typeof nodes)[number]
      return call(kid, { offsetMicros: start, durationMicros: length })
    })
    const { start = 0, length = 0, parent = -1 } = nodes[node] ?? {}
    hops.push(
      hop(node, {
        depth,
        next,
        startTime: at(start),
        durationMicros: length,
        calledBy: parent < 0 ? null : id(parent),
      }),
    )
    for (const kid of kids) visit(kid, depth + 1)
  }
  visit(0, 0)
  return hops
}

describe('shownRows', () => {
  it('leaves out what is below a collapsed row', () => {
    const { rows } = traceModel(
      answer([
        hop(0, { next: [call(1), call(3)] }),
        hop(1, { depth: 1, calledBy: id(0), next: [call(2)] }),
        hop(2, { depth: 2, calledBy: id(1) }),
        hop(3, { depth: 1, calledBy: id(0) }),
      ]),
    )
    expect(shownRows(rows, new Set())).toEqual([0, 1, 2, 3])
    expect(shownRows(rows, new Set([rows[1]?.key ?? '']))).toEqual([0, 1, 3])
    expect(shownRows(rows, new Set([rows[0]?.key ?? '']))).toEqual([0])
  })
})

describe('holdsText', () => {
  it('looks at names, keys, errors and events, whatever the case', () => {
    const error = { name: 'CardError', message: 'card was refused', code: 'E_CARD' }
    const [row] = traceModel(
      answer([
        hop(0, {
          error,
          keys: { orderId: 'A42' },
          events: [{ name: 'Order.Accepted', time: at(5), attributes: {} }],
        }),
      ]),
    ).rows
    if (row === undefined) throw new Error('no row')
    for (const text of ['S0', 'card was', 'e_card', 'a42', 'orderid', 'order.acc'])
      expect(holdsText(row, text)).toBe(true)
    expect(holdsText(row, 'elsewhere')).toBe(false)
  })
})
