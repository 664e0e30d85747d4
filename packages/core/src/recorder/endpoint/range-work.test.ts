import { describe, expect, it } from 'vitest'
import type { HopRecord } from '../../record/record.js'
import { formatHopId, type HopId } from '../../id/index.js'
import { Chain } from '../../resolve/chain.fixture.js'
import { segmentRecordsOf } from '../../resolve/test-store.fixture.js'
import { baseNanos, testRecord } from '../../resolve/test-trace.fixture.js'
import { Desks } from './desks.js'
import { LiveEndpoint, type EndpointRequest } from './live-endpoint.js'
import { parseMoreLine, rangeEnd } from '../../resolve/find/range-end.js'

const range = `/_hoptrace/v1/range?from=${baseNanos}&to=${baseNanos + 3_600_000_000_000n}`

function hopAt(port: number, micros: number, more: Partial<HopRecord> = {}): HopRecord {
  const nanos = baseNanos + BigInt(micros) * 1000n
  const hopId = formatHopId({ nanos, assigned: false, issuer: 0, counter: 0, ip: '127.0.0.1', port })
  return testRecord('payments', port, { hopId, ...more })
}

const question = (url: string, asker = 'one'): EndpointRequest => ({ method: 'GET', url, headers: {}, asker })

async function textOf(endpoint: LiveEndpoint, url: string, asker?: string): Promise<string> {
  let text = ''
  for await (const piece of (await endpoint.handle(question(url, asker))).body) text += piece
  return text
}

/** The ids that an answer tells, and where it says that it stopped. */
function readAnswer(text: string): { ids: HopId[]; after: HopId | undefined } {
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { hopId?: HopId; end?: boolean; after?: HopId })
  expect(lines.at(-1)).toHaveProperty('end')
  return { ids: lines.flatMap(({ hopId }) => hopId ?? []), after: lines.at(-1)?.after }
}

describe('a range that costs more than one answer may', () => {
  it.each([
    ['shipped', 300, 0],
    ['not shipped', 0, 300],
    ['both', 150, 150],
    ['more than one answer takes up of the unshipped', 10, 5200],
  ])(
    'of hops that are %s is complete over several answers, each hop once and in order',
    async (_, shipped, log) => {
      await using chain = await Chain.of(['payments'])
      const own = chain.instance(0)
      const hops = Array.from({ length: shipped + log }, (_, index) => hopAt(own.port, index))
      if (shipped > 0) await own.ship(...hops.filter((_, index) => index < shipped))
      own.records.push(...hops.slice(shipped))
      await own.store.open()
      const endpoint = new LiveEndpoint({ own, budget: { records: 70 + log / 4 } })
      const told: HopId[] = []
      let answers = 0
      for (let after: HopId | undefined, more = true; more; answers++) {
        const answer = readAnswer(
          await textOf(endpoint, after === undefined ? range : `${range}&after=${after}`),
        )
        told.push(...answer.ids)
        if (answer.after !== undefined && after !== undefined) expect(answer.after > after).toBe(true)
        after = answer.after
        more = after !== undefined
      }
      expect(told).toEqual(hops.map(({ hopId }) => hopId))
      expect(answers).toBeGreaterThan(2)
      const found: HopId[] = []
      const query = { service: 'payments', from: baseNanos, to: baseNanos + 3_600_000_000_000n }
      for await (const { hopId } of chain.resolver().range(query)) found.push(hopId)
      expect(found).toEqual(told)
    },
  )

  it('says how far it came when nothing matches', async () => {
    await using chain = await Chain.of(['payments'])
    const own = chain.instance(0)
    const hops = Array.from({ length: 100 }, (_, index) => hopAt(own.port, index))
    await own.ship(...hops)
    const endpoint = new LiveEndpoint({ own, budget: { records: 40 } })
    const answer = readAnswer(await textOf(endpoint, `${range}&route=/none`))
    expect(answer).toEqual({ ids: [], after: hops[39]?.hopId })
  })
})

describe('a store that former runs share', () => {
  it('is read in as many answers, though nothing in it is of the run that is asked', async () => {
    await using chain = await Chain.of(['payments'])
    const own = chain.instance(0)
    const hours = 2
    // A window is 10 s, and each has a segment of another run.
    const before = Array.from({ length: hours * 360 }, (_, window) => hopAt(own.port, window * 10_000_000))
    await own.ship()
    const former = { ...own.row(), startNanos: own.row().startNanos - 1n }
    await own.store.put(
      segmentRecordsOf(
        former,
        before.map((record) => ({ ...record, instance: former })),
      ),
    )
    const last = hopAt(own.port, hours * 3_600_000_000 - 1)
    own.records.push(last)
    const endpoint = new LiveEndpoint({ own, budget: { bytes: 30_000 } })
    const long = `/_hoptrace/v1/range?from=${baseNanos}&to=${baseNanos + BigInt(hours) * 3_600_000_000_000n}`
    const told: HopId[] = []
    const stops: HopId[] = []
    for (let more = true; more;) {
      const after = stops.at(-1)
      const answer = readAnswer(await textOf(endpoint, after === undefined ? long : `${long}&after=${after}`))
      told.push(...answer.ids)
      more = answer.after !== undefined
      if (answer.after !== undefined) stops.push(answer.after)
    }
    expect(told).toEqual([last.hopId])
    expect(stops.length).toBeGreaterThan(1)
    expect(stops).toEqual([...new Set(stops)].sort())
    // A resolver continues with the next answer by itself.
    const found: HopId[] = []
    const to = baseNanos + BigInt(hours) * 3_600_000_000_000n
    for await (const { hopId } of chain.resolver().range({ service: 'payments', from: baseNanos, to }))
      found.push(hopId)
    expect(found).toEqual(told)
  })
})

describe('64 ranges that match nothing', () => {
  it('do not block other work of the thread, and are all answered', async () => {
    await using chain = await Chain.of(['payments'])
    const own = chain.instance(0)
    for (let batch = 0; batch < 20; batch++)
      await own.ship(...Array.from({ length: 200 }, (_, index) => hopAt(own.port, batch * 200 + index)))
    const endpoint = new LiveEndpoint({ own })
    let over = 0
    const asked = Array.from({ length: 64 }, async (_, index) => {
      const text = await textOf(endpoint, `${range}&route=/none`, `asker ${index % 8}`)
      over++
      return text
    })
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    for (let i = 0; i < 5; i++) {
      expect(await textOf(endpoint, '/_hoptrace/v1/metrics')).toContain('hoptrace_shipped_total')
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(over).toBeLessThan(64)
    // A slow machine meets the budget of time: the answer then says where it stopped.
    for (const text of await Promise.all(asked)) {
      const last = text.trimEnd().split('\n').at(-1) ?? ''
      expect(last === rangeEnd || parseMoreLine(last) !== undefined).toBe(true)
    }
    clearInterval(timer)
    expect(turns).toBeGreaterThan(20)
  })

  it('end when their askers go', async () => {
    await using chain = await Chain.of(['payments'])
    const own = chain.instance(0)
    for (let batch = 0; batch < 5; batch++)
      await own.ship(...Array.from({ length: 200 }, (_, index) => hopAt(own.port, batch * 200 + index)))
    const endpoint = new LiveEndpoint({ own })
    const gone = Array.from({ length: 32 }, () => new AbortController())
    const asked = gone.map(async ({ signal }) => {
      const { body } = await endpoint.handle(question(`${range}&route=/none`), signal)
      for await (const _ of body);
    })
    for (const asker of gone) asker.abort()
    await Promise.all(asked)
    expect(readAnswer(await textOf(endpoint, `${range}&route=/none`)).after).toBeUndefined()
  })
})

describe('desks', () => {
  it('serve the asker with the fewest first', async () => {
    const desks = new Desks(2)
    const { signal } = new AbortController()
    const back = [await desks.take('a', signal), await desks.take('a', signal)]
    const order: string[] = []
    const waiting = ['a', 'a', 'b', 'c'].map(async (asker) => {
      const release = await desks.take(asker, signal)
      order.push(asker)
      release()
    })
    back[0]?.()
    back[1]?.()
    await Promise.all(waiting)
    expect(order[0]).toBe('b')
    expect(order).toHaveLength(4)
  })

  it('wait for no asker who has gone', async () => {
    const desks = new Desks(1)
    const abort = new AbortController()
    const release = await desks.take('a', new AbortController().signal)
    const late = desks.take('b', abort.signal)
    abort.abort(new Error('gone'))
    await expect(late).rejects.toThrow('gone')
    release()
    ;(await desks.take('c', new AbortController().signal))()
  })
})

describe('a flow that is taken up again', () => {
  it('by an id that claims two million events costs no more than the id', async () => {
    await using chain = await Chain.of(['payments'])
    const ids = Array.from({ length: 200 }, (_, index) => hopAt(4001, index).hopId)
    let told: unknown
    const progress = {
      progress: () => Promise.reject(new Error('not asked')),
      follow: async function* (_: string, options?: { told?: unknown }) {
        told = options?.told
      } as never,
    }
    const endpoint = new LiveEndpoint({ own: chain.instance(0), progress })
    const lastId = ids.map((id) => `${id}-9999`).join(',')
    const url = `/_hoptrace/v1/progress/${ids[0]}?follow=1`
    const { body } = await endpoint.handle({ ...question(url), headers: { 'last-event-id': lastId } })
    for await (const _ of body);
    const wasTold = told as (key: string) => boolean
    expect(wasTold(`${ids[7]}-9999`)).toBe(true)
    expect(wasTold(`${ids[7]}-10000`)).toBe(false)
    expect(wasTold(`${hopAt(4001, 900).hopId}-0`)).toBe(false)
  })
})
