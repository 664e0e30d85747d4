import { describe, expect, it } from 'vitest'
import type { Hop } from './hop.js'
import { OpenHops } from './open-hops.js'

const hopOf = (startMillis: number, logNumber = 0): Hop => ({ startMillis, logNumber }) as Hop

describe('the open hops of a run', () => {
  it('are looked at once by the sweeps, and as far as they are due', () => {
    const open = new OpenHops()
    const hops = [hopOf(1), hopOf(2, 7), hopOf(3), hopOf(9)]
    for (const hop of hops) open.add(hop)
    const looked: number[] = []
    const sweep = (through: number): number[] => {
      const logged: number[] = []
      const log = (hop: Hop): void => {
        logged.push(hop.startMillis)
        hop.logNumber = 1
      }
      open.sweep((hop) => looked.push(hop.startMillis) > 0 && hop.startMillis <= through, log)
      return logged
    }
    expect(sweep(5)).toEqual([1, 3])
    expect(looked.splice(0)).toEqual([1, 2, 3, 9])
    expect(sweep(5)).toEqual([])
    expect(looked.splice(0)).toEqual([9])
    expect(sweep(9)).toEqual([9])
    expect([...open]).toHaveLength(4)
    for (const hop of hops) open.remove(hop)
    expect([...open]).toEqual([])
    expect(open.size).toBe(0)
  })

  it('are tried again where the log does not take them', () => {
    const open = new OpenHops()
    open.add(hopOf(1))
    let tries = 0
    for (let i = 0; i < 3; i++)
      open.sweep(
        () => true,
        () => void tries++,
      )
    expect(tries).toBe(3)
  })

  it('expire in the order in which their callers went away', () => {
    const open = new OpenHops()
    const hops = [hopOf(1, 1), hopOf(2, 2), hopOf(3, 3)]
    for (const hop of hops) open.add(hop)
    const [first, second, third] = hops as [Hop, Hop, Hop]
    for (const [hop, millis] of [
      [third, 10],
      [first, 20],
      [second, 30],
    ] as const) {
      hop.abandoned = { millis, finish: () => undefined }
      open.abandon(hop)
    }
    const finished: number[] = []
    open.expire(25, (hop) => {
      finished.push(hop.startMillis)
      open.remove(hop)
    })
    expect(finished).toEqual([3, 1])
    expect([...open].map(({ startMillis }) => startMillis)).toEqual([2])
  })
})
