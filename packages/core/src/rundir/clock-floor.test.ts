import { timing } from '../base/timing.js'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempDir } from '../log/test-run.fixture.js'
import { clockNote, floorNanos } from './clock-floor.js'

const minute = 60_000

/** A file of an earlier run, stamped this far ahead of the clock. */
function trace(dataDir: string, aheadMillis: number): void {
  const file = path.join(dataDir, 'registry', `${aheadMillis}.json`)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, '')
  utimesSync(file, (Date.now() + aheadMillis) / 1000, (Date.now() + aheadMillis) / 1000)
}

describe('the newest time of an earlier run', () => {
  it('counts if it is at most ten minutes ahead of the clock', () => {
    using dir = tempDir()
    const said: string[] = []
    trace(dir.path, timing.maxIdsAheadMillis - minute)
    const floor = floorNanos({ dataDir: dir.path, service: 'orders' }, (code) => said.push(code))
    expect(Number(floor / 1_000_000n)).toBeGreaterThan(Date.now() + timing.maxIdsAheadMillis - 2 * minute)
    expect(said).toEqual([])
  })

  it('is ignored with a warning if it is further ahead', () => {
    using dir = tempDir()
    const said: string[] = []
    trace(dir.path, minute)
    trace(dir.path, 120 * minute)
    const warn = (code: string, message: string) => said.push(`${code} ${message}`)
    const floor = floorNanos({ dataDir: dir.path, service: 'orders' }, warn)
    expect(Number(floor / 1_000_000n)).toBeLessThan(Date.now() + 2 * minute)
    expect(said).toHaveLength(1)
    expect(said[0]).toMatch(/^HOPTRACE_CLOCK .*7200000\.json was written 120 minutes ahead/)
  })

  it('is noted by a run whose ids are ahead of the clock', () => {
    using dir = tempDir()
    const place = { dataDir: dir.path, service: 'orders' }
    const nanos = BigInt(Date.now() + 5 * minute) * 1_000_000n
    clockNote(place)(nanos)
    expect(floorNanos(place)).toBeGreaterThan(nanos - 1_000_000_000n)
  })

  it('is reported by that run if it is more than a minute ahead, once each time the clock is set back', () => {
    using dir = tempDir()
    const said: string[] = []
    const note = clockNote({ dataDir: dir.path, service: 'orders' }, (code, text) =>
      said.push(`${code} ${text}`),
    )
    const at = (minutes: number): void => note(BigInt(Date.now() + minutes * minute) * 1_000_000n)
    for (const minutes of [0, 0.5, 120, 119, 0.5]) at(minutes)
    expect(said).toEqual([expect.stringMatching(/^HOPTRACE_CLOCK .*ids of orders stay 120 minutes ahead/)])
    for (const minutes of [0, 90]) at(minutes)
    expect(said).toHaveLength(2)
  })
})
