import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RunClock } from './run-clock.js'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** Counts what the clock of a run does. */
class Work {
  turns = 0
  marks = 0
  busy = false
  readonly clock = new RunClock({
    turn: (isMark) => {
      this.turns++
      if (isMark) this.marks++
    },
    rest: () => void this.marks++,
    isBusy: () => this.busy,
  })

  /** Turns and marks of the next ten seconds. */
  tenSeconds(): { turns: number; marks: number } {
    const { turns, marks } = this
    vi.advanceTimersByTime(10_000)
    return { turns: this.turns - turns, marks: this.marks - marks }
  }
}

describe('the clock of a run', () => {
  it('marks once a second and does nothing else while no hop comes', () => {
    const work = new Work()
    vi.advanceTimersByTime(5000)
    expect(work.tenSeconds()).toEqual({ turns: 0, marks: 10 })
    expect(work.clock.period).toBe(1000)
  })

  it('turns ten times a second from the first hop on, for as long as hops come', () => {
    const work = new Work()
    vi.advanceTimersByTime(5000)
    expect(work.clock.hopBegins()).toBe(true)
    expect(work.clock.period).toBe(100)
    for (let second = 0; second < 10; second++) {
      const { turns } = work
      vi.advanceTimersByTime(1000)
      expect(work.turns - turns).toBe(10)
      expect(work.clock.hopBegins()).toBe(false)
    }
  })

  it('does not rest while a hop has to be looked at', () => {
    const work = new Work()
    work.busy = true
    expect(work.tenSeconds()).toEqual({ turns: 100, marks: 10 })
    work.busy = false
    vi.advanceTimersByTime(1000)
    expect(work.tenSeconds()).toEqual({ turns: 0, marks: 10 })
  })

  it('does nothing once it is stopped', () => {
    const work = new Work()
    work.clock.stop()
    expect(work.tenSeconds()).toEqual({ turns: 0, marks: 0 })
  })
})
