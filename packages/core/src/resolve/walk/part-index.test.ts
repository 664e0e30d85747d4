import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatHopId, rebaseId } from '../../id/index.js'
import type { HopId } from '../../id/types.js'
import { runName, type InstanceRow, type RowsByName } from '../../record/instance-row.js'
import type { CallRecord, HopRecord } from '../../record/record.js'
import { rowsOfNames } from '../../record/row-names.js'
import { baseNanos, testCall, testRecord, testRow } from '../test-trace.fixture.js'
import { queryTrace, type TraceAnswer } from '../trace-query.js'
import { InstanceIndex } from './candidates.js'
import { PartIndex, PartMissing } from './part-index.js'
import type { TraceSource } from './source.js'

const limits = { deadlineMillis: 60_000, maxHops: 1000, maxDepth: 32, concurrency: 1 }
const ways = ['10.9.0.1:80', '10.9.0.2:80', 'orders.internal:80', 'kafka://orders'] as const

/** A run: addresses are few, so services follow each other on one. */
const run = fc.record({
  service: fc.integer({ min: 0, max: 4 }),
  address: fc.integer({ min: 1, max: 6 }),
  hasAlias: fc.boolean(),
  reached: fc.uniqueArray(fc.constantFrom(...ways)),
  worker: fc.integer({ min: 0, max: 1 }),
  secondsBefore: fc.integer({ min: 1, max: 300 }),
  state: fc.constantFrom('running', 'running', 'stopped', 'dead'),
  livedSeconds: fc.integer({ min: -300, max: 60 }),
})

/** A call of one hop, and what became of it. */
const call = fc.record({
  caller: fc.nat(),
  callee: fc.nat(),
  dialled: fc.constantFrom('own', 'own', 'alias', 'way', 'name', 'message', 'outside'),
  outcome: fc.constantFrom(
    '200',
    '200',
    '200',
    '500',
    '503',
    'ECONNREFUSED',
    'ECONNRESET',
    'ETIMEDOUT',
    null,
  ),
  isSigned: fc.boolean(),
  namesService: fc.boolean(),
  taken: fc.constantFrom('id', 'id', 'rebased', 'other', 'not'),
  state: fc.constantFrom('closed', 'closed', 'closed', 'open', 'interrupted'),
  took: fc.integer({ min: 1, max: 500_000 }),
})

const world = fc.record({
  runs: fc.array(run, { minLength: 2, maxLength: 8 }),
  calls: fc.array(call, { maxLength: 8 }),
})
type World = typeof world extends fc.Arbitrary<infer T> ? T : never

function rowOf(made: World['runs'][number], index: number): InstanceRow {
  const { service, address, hasAlias, reached, worker, secondsBefore, state, livedSeconds } = made
  return testRow(`s${service}`, 0, {
    address: `10.0.0.${address}:4000`,
    aliases: hasAlias ? [`10.1.0.${address}:4000`] : [],
    reached,
    worker,
    startNanos: baseNanos - BigInt(secondsBefore) * 1_000_000_000n - BigInt(index),
    heartbeatMillis: Number(baseNanos / 1_000_000n) + livedSeconds * 1000,
    state: state,
  })
}

function assigned(address: string, millis: number): HopId {
  const [ip = '', port = ''] = address.split(':')
  return formatHopId({
    nanos: baseNanos + BigInt(millis) * 1_000_000n,
    assigned: true,
    issuer: 1,
    counter: 0,
    ip,
    port: Number(port),
  })
}

/** The hops of a world, by the run that has them. */
function recordsOf(rows: readonly InstanceRow[], calls: World['calls']): Map<InstanceRow, HopRecord[]> {
  const of = new Map<InstanceRow, HopRecord[]>(rows.map((row) => [row, []]))
  const all: HopRecord[] = []
  const take = (row: InstanceRow, hopId: HopId, more: Partial<HopRecord>): HopRecord => {
    const { address, worker, startNanos } = row
    const traceId = all[0]?.hopId ?? hopId
    const made = testRecord(row.service, 0, {
      hopId,
      traceId,
      instance: { address, worker, startNanos },
      ...more,
    })
    of.get(row)?.push(made)
    all.push(made)
    return made
  }
  const first = rows[0] as InstanceRow
  take(first, assigned(first.address, 0), {})
  for (const [index, made] of calls.entries()) {
    const caller = all[made.caller % all.length] as HopRecord
    const callee = rows[made.callee % rows.length] as InstanceRow
    const way = ways[made.callee % 2] as string
    const [target, address] = {
      own: [callee.address, callee.address],
      alias: [callee.aliases[0] ?? callee.address, callee.aliases[0] ?? callee.address],
      way: [way, way],
      name: ['Orders.internal:80', '0.0.0.0:80'],
      message: ['kafka://orders', '0.0.0.0:9092'],
      outside: ['api.example.com:4000', '0.0.0.0:4000'],
    }[made.dialled] as [string, string]
    const hopId = assigned(address, index + 1)
    const other = assigned(callee.address, 100 + index)
    const own = { id: hopId, rebased: rebaseId(hopId, callee.address), other, not: hopId }[made.taken]
    const startNanos = baseNanos + BigInt(index) * 1_000_000n
    if (made.taken !== 'not')
      take(callee, own, {
        startNanos,
        state: made.state,
        status: made.state === 'closed' ? 200 : null,
        assignedId: made.taken === 'other' ? hopId : null,
      })
    const servedBy = { hopId: own, service: callee.service, address: callee.address }
    ;(caller.next as CallRecord[]).push(
      testCall(0, {
        hopId,
        target,
        service: made.namesService ? callee.service : null,
        method: made.dialled === 'message' ? null : 'GET',
        outcome: made.outcome,
        durationMicros: made.took,
        servedBy: made.isSigned && made.dialled !== 'message' ? servedBy : null,
      }),
    )
  }
  return of
}

function sourceOf(records: ReadonlyMap<InstanceRow, readonly HopRecord[]>): TraceSource {
  const byRun = new Map([...records].map(([row, of]) => [runName(row), of]))
  return {
    lookup: async (row, id) => {
      const record = byRun.get(runName(row))?.find(({ hopId }) => hopId === id)
      if (record !== undefined) return { lookup: { kind: 'found', record, source: 'store' } }
      const throughNanos = baseNanos + 3_600_000_000_000n
      return { lookup: { kind: 'absent', throughNanos, final: true, dropped: false, source: 'store' } }
    },
    // All share one store.
    aliases: async (_rows, id) =>
      [...records.values()]
        .flat()
        .filter(({ assignedId }) => assignedId === id)
        .map(({ hopId, instance }) => ({ hopId, startNanos: instance.startNanos })),
  }
}

function byName(rows: readonly InstanceRow[]): RowsByName {
  return {
    isLarge: async () => true,
    rowsOf: async (names) => rowsOfNames(rows, names),
  }
}

function said({ tree, judgement, missing }: TraceAnswer): unknown {
  const text = JSON.stringify([tree, judgement, missing], (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  return JSON.parse(text)
}

describe('a part of a registry', () => {
  it('gives the same answer as all of it, or none', async () => {
    let answered = 0
    let asked = 0
    const verdicts = new Set<string>()
    await fc.assert(
      fc.asyncProperty(world, async ({ runs, calls }) => {
        const rows = runs.map(rowOf)
        const records = recordsOf(rows, calls)
        const source = sourceOf(records)
        const ids = [assigned((rows[0] as InstanceRow).address, 0)]
        const query = { source, limits, recursive: false }
        const whole = await queryTrace(ids, { ...query, index: new InstanceIndex({ rows, unread: [] }) })
        const index = new PartIndex(byName(rows))
        asked++
        try {
          const part = await queryTrace(ids, { ...query, index })
          if (index.isMissing) return
          expect(said(part)).toEqual(said(whole))
          answered++
          verdicts.add(part.judgement.verdict)
        } catch (error) {
          if (!(error instanceof PartMissing)) throw error
          expect(index.isMissing).toBe(true)
        }
      }),
      { numRuns: 400 },
    )
    expect(answered).toBeGreaterThan(asked / 4)
    expect([...verdicts]).toEqual(expect.arrayContaining(['completed', 'died']))
  })
})
