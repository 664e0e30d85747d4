import { expect, it } from 'vitest'
import { millisToDelete } from './bytes-limit.js'

const run = { bytes: [[0, 400] as const, [100, 400] as const], heartbeatMillis: 200, windowMillis: 10 }
const other = { bytes: [[100, 800] as const], heartbeatMillis: 300, windowMillis: 10 }
const rows = [run, other, { heartbeatMillis: 500, windowMillis: 10 }]

it('nothing is deleted while a service has no more than its limit', () => {
  expect(millisToDelete({ rows, maxBytes: 1600, fromMillis: 0 })).toBeUndefined()
  expect(millisToDelete({ rows: [], maxBytes: 0, fromMillis: 0 })).toBeUndefined()
})

it('what was deleted before does not count', () => {
  expect(millisToDelete({ rows, maxBytes: 1200, fromMillis: 100 })).toBeUndefined()
  expect(millisToDelete({ rows, maxBytes: 1199, fromMillis: 100 })).toBeGreaterThan(100)
})

it('the oldest bytes of all runs go, until seven eighths of the limit are left', () => {
  // 1,400 of 1,600 are left: half of the first entry goes.
  expect(millisToDelete({ rows, maxBytes: 1599.9, fromMillis: 0 })).toBe(51)
  // 700 are left: of the time from 100 to 200 both runs have entries, 8 bytes a millisecond together.
  expect(millisToDelete({ rows, maxBytes: 800, fromMillis: 0 })).toBe(163)
})

it('a run that wrote one window has its bytes within it', () => {
  const burst = { bytes: [[1000, 1000] as const], heartbeatMillis: 900, windowMillis: 10 }
  expect(millisToDelete({ rows: [burst], maxBytes: 999, fromMillis: 0 })).toBe(1002)
})
