import { describe, expect, it } from 'vitest'
import type { CallRecord, HopRecord } from '../record/record.js'
import { formatHopId } from '../id/index.js'
import type { HopId } from '../id/types.js'
import { progressOf } from './progress.js'
import { resolveResult } from './result.js'
import { queryTrace, type TraceAnswer, type TraceQuery } from './trace-query.js'
import { instanceIndex } from './walk/candidates.js'
import { baseNanos, testCall, testHop, testId, testRecord, testRow } from './test-trace.fixture.js'
import { placeOf } from './verdict/evidence.js'
import { judge } from './verdict/overall.js'
import { noReads } from './walk/reads.js'
import type { TraceSource } from './walk/source.js'

const limits = { deadlineMillis: 20_000, maxHops: 10_000, maxDepth: 256, concurrency: 32 }

function idOf(index: number): HopId {
  return formatHopId({
    nanos: baseNanos + BigInt(index),
    assigned: false,
    issuer: 0,
    counter: 0,
    ip: '127.0.0.1',
    port: 4001,
  })
}

/** A source that makes records up: `calls` says whom hop `index` called. */
function made(
  calls: (index: number) => number[],
  more: Partial<HopRecord> = {},
): TraceSource & { asked: number } {
  const source = {
    asked: 0,
    lookup: async (_row: unknown, id: HopId) => {
      source.asked++
      const index = Number(BigInt(`0x${id.slice(0, 16)}`) - baseNanos)
      const next = calls(index).map((callee): CallRecord => testCall(4001, { hopId: idOf(callee) }))
      const record = testRecord('s', 4001, { hopId: id, traceId: idOf(0), next, ...more })
      return { lookup: { kind: 'found' as const, record, source: 'store' as const } }
    },
    aliases: async () => [],
  }
  return source
}

function query(
  source: TraceSource,
  more: Partial<TraceQuery> = {},
): Promise<Awaited<ReturnType<typeof queryTrace>>> {
  return queryTrace([idOf(0)], {
    source,
    index: instanceIndex({ rows: [testRow('s', 4001)], unread: [] }),
    limits,
    recursive: false,
    ...more,
  })
}

describe('a trace that is large or made to be', () => {
  it('is walked to the end when it has thousands of hops, many calls in one hop, or 200 levels', async () => {
    const shapes: [string, number, (index: number) => number[]][] = [
      ['binary', 8191, (index) => (index < 4095 ? [2 * index + 1, 2 * index + 2] : [])],
      ['wide', 5001, (index) => (index === 0 ? Array.from({ length: 5000 }, (_, call) => call + 1) : [])],
      ['deep', 200, (index) => (index < 199 ? [index + 1] : [])],
    ]
    for (const [shape, hops, calls] of shapes) {
      const { tree, judgement } = await query(made(calls))
      expect({ shape, hops: tree.hops.length, verdict: judgement.verdict }).toEqual({
        shape,
        hops,
        verdict: 'completed',
      })
    }
  })

  it('is cut at the limits of hops and of depth, and says so', async () => {
    const endless = made((index) => [index + 1, index + 2])
    const wide = await query(endless, { limits: { ...limits, maxHops: 500 } })
    expect(wide.tree.hops.length).toBeLessThanOrEqual(500)
    expect(endless.asked).toBeLessThan(1500)
    expect(wide.judgement.verdict).toBe('undetermined')
    expect(wide.judgement.evidence.join()).toContain('the limit of hops is reached')
    const deep = await query(made((index) => [index + 1]))
    expect(deep.tree.hops).toHaveLength(limits.maxDepth)
    expect(deep.judgement.evidence.join()).toContain('the limit of depth is reached')
    expect(deep.tree.partial).toBe(true)
  })

  it('says completed of no hop that fails below a cycle', async () => {
    const { tree, judgement } = await query(made((index) => [(index + 1) % 3, index]))
    expect(tree.hops).toHaveLength(3)
    expect(judgement.verdict).toBe('undetermined')
  })

  it('is asked about once where 30,000 calls lead in a circle', async () => {
    const source = made((index) => Array.from({ length: index > 1 ? 0 : 30_000 }, () => 1 - index))
    const { tree, judgement } = await query(source)
    expect(tree.hops).toHaveLength(2)
    expect(judgement.verdict).toBe('undetermined')
    expect(source.asked).toBeLessThan(10)
  })

  it('is given up when its asker has gone', async () => {
    const abort = new AbortController()
    const source = made((index) => [index + 1])
    const lookup = source.lookup.bind(source)
    source.lookup = (...args) => {
      if (source.asked === 20) abort.abort(new Error('gone'))
      return lookup(...args)
    }
    await expect(query(source, { signal: abort.signal })).rejects.toThrow('gone')
    expect(source.asked).toBeLessThan(40)
  })

  it('keeps what could be read when reads fail, one at a time', async () => {
    const source = made((index) => (index === 0 ? [1, 2, 3] : []))
    const lookup = source.lookup.bind(source)
    source.lookup = (row, id, ...rest) =>
      id === idOf(2) ? Promise.reject(new Error('the store is down')) : lookup(row, id, ...rest)
    const { tree, judgement } = await query(source)
    expect(tree.hops).toHaveLength(3)
    expect(judgement.verdict).toBe('undetermined')
    expect(judgement.evidence.join('\n')).toContain('could not be read: the store is down')
  })
})

describe('an instance on an errand', () => {
  /**
   * Instances a, b and c in a row, and d, which a calls last. b answers for a's call by itself, and tells of
   * the rest what `lie` says.
   */
  const told = (
    lie: (truth: HopRecord) => HopRecord | undefined,
    withLast = false,
  ): ReturnType<typeof query> => {
    const callTo = (index: number): CallRecord =>
      testCall(4001 + index, { hopId: testId(4001 + index, baseNanos + BigInt(index)) })
    const calls = [withLast ? [callTo(1), callTo(3)] : [callTo(1)], [callTo(2)], [], []]
    const records = calls.map((next, index) => {
      const hopId = testId(4001 + index, baseNanos + BigInt(index))
      const startNanos = baseNanos + BigInt(index) * 200_000n
      const traceId = testId(4001, baseNanos)
      return testRecord('abcd'.charAt(index), 4001 + index, { hopId, traceId, startNanos, next })
    })
    const [, b, c] = records as [HopRecord, HopRecord, HopRecord]
    const source: TraceSource = {
      lookup: async (row, id, _reads, _signal, errand) => {
        const record = records.find(({ hopId }) => hopId === id)
        if (record?.service !== row.service) throw new Error('not here')
        const lookup = { kind: 'found', record, source: 'live' } as const
        if (errand === undefined || record !== b) return { lookup }
        const lied = lie(c)
        const hops =
          lied === undefined
            ? [
                testHop(b, {
                  callees: [{ kind: 'absent', proof: 'ended-during', suspect: placeOf(c), says: 'c died' }],
                }),
              ]
            : [
                testHop(b, { callees: [{ kind: 'hop', node: 1 }] }),
                testHop(lied, {
                  parent: 0,
                  call: 0,
                  callees: lied.next.map(() => ({ kind: 'untraced', suspect: placeOf(c) })),
                }),
              ]
        return { lookup, subtree: { hops, notes: [], partial: false } }
      },
      aliases: async () => [],
    }
    const rows = ['a', 'b', 'c', 'd'].map((service, index) => testRow(service, 4001 + index))
    return queryTrace([testId(4001, baseNanos)], {
      source,
      index: instanceIndex({ rows, unread: [] }),
      limits,
      recursive: true,
    })
  }

  it('is believed about itself only', async () => {
    expect((await told((truth) => truth)).judgement.verdict).toBe('completed')
    // It invents a failure, a hop that is not there, and a death.
    const failed = await told((truth) => ({
      ...truth,
      status: 500,
      error: { name: 'E', message: 'lie', code: null },
    }))
    expect(failed.judgement.verdict).toBe('completed')
    expect(failed.judgement.evidence.join()).not.toContain('lie')
    const invented = await told((truth) => ({ ...truth, hopId: testId(4003), state: 'interrupted' }))
    expect(invented.judgement.verdict).toBe('completed')
    expect(invented.tree.hops.map(({ record }) => record.state)).toEqual(['closed', 'closed', 'closed'])
    const dead = await told(() => undefined)
    expect(dead.judgement.verdict).toBe('completed')
  })

  it('is named with each hop of another run that it reports, until that run has confirmed the hop', async () => {
    // c decides nothing: it answered, and d was called last.
    const { tree } = await told((truth) => ({ ...truth, keys: { orderId: 'invented' } }), true)
    expect(tree.hops.map(({ record, toldBy }) => `${record.service} ${toldBy ?? ''}`)).toEqual([
      'a ',
      'b ',
      'c b 127.0.0.1:4002',
      'd ',
    ])
    const answer: TraceAnswer = {
      missing: [],
      traceId: testId(4001, baseNanos),
      tree,
      judgement: judge(tree),
      reads: noReads(),
    }
    expect(progressOf(answer).keys).toEqual({})
    const shown = resolveResult(answer.traceId, tree, answer.judgement, answer.reads, 1).hops
    expect(shown.map(({ service, toldBy }) => [service, toldBy])).toContainEqual(['c', 'b 127.0.0.1:4002'])
  })
})
