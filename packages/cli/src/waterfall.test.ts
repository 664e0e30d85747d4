import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createTracer, type CallJson, type ResolveResult, type WalkedHopJson } from '@hoptrace/core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, diedAnswer, GATEWAY, hop, INVENTORY, NOTIFY, ORDERS, PAYMENTS } from './answer.fixture.js'
import { formatWalk } from './format-walk.js'
import { createPaint } from './paint.js'
import { runCommand } from './run-command.js'
import { fakeStream } from './terminal.fixture.js'
import { columnsOf, waterfall } from './waterfall.js'

const at = (micros: number): string => `2026-11-22T15:00:00.${String(micros * 1000).padStart(9, '0')}Z`

const called = (hopId: string, service: string, more: Partial<CallJson>): CallJson =>
  ({ ...call(hopId, service, 1), offsetMicros: 0, found: 'hop', ...more }) as CallJson

const walked = (hopId: string, service: string, depth: number, more: Partial<WalkedHopJson>): WalkedHopJson =>
  ({ ...hop(hopId, service, 1), crash: null, lost: 0, shed: 0, depth, ...more }) as WalkedHopJson

/** Gateway, orders, payments, and an inventory that left no record; and a mail that is still being sent. */
function answer(more: Partial<ResolveResult> = {}): ResolveResult {
  const hops = [
    walked(GATEWAY, 'gateway', 0, {
      startTime: at(0),
      durationMicros: 100_000,
      status: 502,
      next: [called(ORDERS, 'orders', { offsetMicros: 10_000, durationMicros: 80_000, outcome: '502' })],
    }),
    walked(ORDERS, 'orders', 1, {
      startTime: at(20_000),
      durationMicros: 60_000,
      status: 502,
      next: [
        called(NOTIFY, 'notify', { offsetMicros: 5000, outcome: null, durationMicros: null }),
        called(PAYMENTS, 'payments', { offsetMicros: 10_000, outcome: '502', durationMicros: 45_000 }),
      ],
    }),
    walked(NOTIFY, 'notify', 2, { startTime: at(25_000), durationMicros: null, status: null, state: 'open' }),
    walked(PAYMENTS, 'payments', 2, {
      startTime: at(30_000),
      durationMicros: 40_000,
      status: 502,
      next: [
        called(INVENTORY, 'inventory', {
          offsetMicros: 10_000,
          outcome: 'ECONNRESET',
          durationMicros: 20_000,
          found: 'absent',
        }),
      ],
    }),
  ]
  return { ...diedAnswer(), hops, ...more } as ResolveResult
}

function drawn(result: ResolveResult, columns: number | undefined, colours = false): string[] {
  const paint = createPaint(colours)
  return formatWalk(result, paint, (heads) => waterfall(result, columns, heads, paint))
}

describe('the waterfall of a walk', () => {
  it('has a bar to the right of each hop on one axis, and says without colour what ended how', () => {
    const lines = drawn(answer(), 120)
    const bars = lines.filter((line) => /[█▒╌]|100 ms$/.test(line)).map((line) => line.trimEnd())
    expect(bars.join('\n')).toMatchInlineSnapshot(`
      "                                                                             0                    50.0 ms         100 ms
      ! gateway  127.0.0.1:1  POST /gateway  502  100 ms                           ██████████████████████████████████████████!
      └─ ! orders  127.0.0.1:1  POST /orders  502  60.0 ms                                 ██████████████████████████!
         ├─ … notify  127.0.0.1:1  POST /notify  open                                         ▒…
         └─ ! payments  127.0.0.1:1  POST /payments  502  40.0 ms  ◀ last healthy               ████████████████!
                                                                                                    ╌╌╌╌╌╌╌╌✗"
    `)
  })

  it('is left out on a narrow terminal, in a pipe, and of an answer without hops', () => {
    const alone = formatWalk(answer())
    expect(drawn(answer(), 99)).toEqual(alone)
    expect(drawn(answer(), undefined)).toEqual(alone)
    expect(drawn(answer({ hops: [] }), 120)).toEqual([])
  })

  it('changes nothing of the walk but adds the bars, and never wraps a line that fits without them', () => {
    for (const columns of [100, 120, 200]) {
      const withBars = drawn(answer(), columns)
      const tree = withBars
        .slice(1)
        .filter((line) => !/^[ │]*[█▒╌]+\S?$/.test(line))
        .map((line) => line.replace(/ {2,}[█▒╌].*$/, '').trimEnd())
      expect(tree).toEqual(formatWalk(answer()))
      for (const line of withBars.filter((text) => /[█▒╌]/.test(text)))
        expect(Array.from(line).length).toBeLessThanOrEqual(columns)
    }
  })

  it('has the bar below a line that is too long for both', () => {
    const long = answer()
    const hops = long.hops.map((one) =>
      one.hopId === PAYMENTS ? { ...one, route: `/${'charges/'.repeat(12)}` } : one,
    )
    const lines = drawn({ ...long, hops }, 110)
    const at = lines.findIndex((line) => line.includes('charges'))
    expect(lines[at]).not.toContain('█')
    expect(lines[at + 1]).toMatch(/^ {6}│ +█+!$/)
  })

  it('moves a bar whose clock is ahead behind its cause, and says so', () => {
    const skewed = answer()
    const hops = skewed.hops.map((one) => (one.hopId === PAYMENTS ? { ...one, startTime: at(5000) } : one))
    const lines = drawn({ ...skewed, hops }, 120)
    expect(lines.filter((line) => line.includes('⇄'))).toEqual([
      expect.stringContaining("⇄ its clock differs from its caller's: the bar was moved by 25.0 ms"),
    ])
    const start = (service: string): number =>
      lines.find((line) => line.includes(` ${service}  `))?.search(/[█▒╌]/) ?? 0
    expect(start('payments')).toBeGreaterThan(start('orders'))
    expect(drawn(skewed, 120).join('')).not.toContain('⇄')
  })

  it('has the colours of the tree', () => {
    const lines = drawn(answer(), 120, true)
    expect(lines.at(-1)).toMatch(/\u001b\[31m╌+✗\u001b\[39m$/)
    expect(lines.find((line) => line.includes('notify'))).toMatch(/\u001b\[33m▒+…\u001b\[39m$/)
  })
})

it('places every bar on the scale, with one column at least', () => {
  const micros = fc.double({ min: 0, max: 1e12, noNaN: true })
  fc.assert(
    fc.property(micros, micros, micros, fc.integer({ min: 1, max: 60 }), (a, b, beyond, width) => {
      const [start, end] = [Math.min(a, b), Math.max(a, b)]
      const { from, length } = columnsOf(start, end, { spanMicros: Math.max(1, end + beyond), width })
      expect(from).toBeGreaterThanOrEqual(0)
      expect(length).toBeGreaterThanOrEqual(1)
      expect(from + length).toBeLessThanOrEqual(width)
    }),
  )
})

describe('hoptrace resolve', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-cli-bars-'))
    const tracer = createTracer({ service: 'reports', dataDir: dir })
    tracer.run({ name: 'nightly' }, () => tracer.hop?.setKey('orderId', '42'))
    await tracer.close()
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  async function printed(isTTY: boolean, columns: number, ...more: string[]): Promise<string> {
    const [out, err] = [fakeStream(isTTY, columns), fakeStream(false)]
    const argv = ['resolve', 'orderId=42', '--dir', dir, ...more]
    const { signal } = new AbortController()
    await runCommand(argv, { out: out.stream, err: err.stream, env: { NO_COLOR: '1' }, signal })
    return out.text()
  }

  it('draws bars on a wide terminal, and elsewhere prints what scripts know', async () => {
    expect(await printed(true, 120)).toMatch(/reports .* █+\n/)
    for (const [isTTY, columns] of [
      [true, 80],
      [false, 120],
    ] as const) {
      const text = await printed(isTTY, columns)
      expect(text).toContain('verdict   completed')
      expect(text).not.toContain('█')
    }
    expect(JSON.parse(await printed(true, 120, '--json'))).toMatchObject({ verdict: 'completed' })
  })
})
