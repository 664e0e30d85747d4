import type { Judged, Result } from './judge.js'

/** When the questions were asked. */
export const TIMES = ['at once', 'nobody adopts', 'shipped'] as const

/** Name of a time. */
export type Time = (typeof TIMES)[number]

/** What came of one run. */
export interface RunResult {
  readonly fault: string
  readonly requests: number
  readonly judged: Readonly<Record<Time, readonly Judged[]>>
  /** A service whose log was removed, if that was the fault: what it had not shipped is gone, by the fault itself. */
  readonly removed: readonly string[]
}

/** Counts over runs. */
export interface Tally {
  readonly fault: string
  runs: number
  requests: number
  readonly times: Record<Time, Record<Result, number>>
  /** Requests that a process was handling when it ended, and how many of them have that verdict once shipped. */
  died: number
  named: number
  /** Hops that were finished, how many are not found once shipped, and how many were in a log that the fault removed. */
  finished: number
  lost: number
  removed: number
}

/** Nothing counted yet. */
export function emptyTally(fault: string): Tally {
  const none = (): Record<Result, number> => ({ right: 0, wrong: 0, undetermined: 0 })
  return {
    fault,
    runs: 0,
    requests: 0,
    times: { 'at once': none(), 'nobody adopts': none(), shipped: none() },
    died: 0,
    named: 0,
    finished: 0,
    lost: 0,
    removed: 0,
  }
}

/** Counts a run in. */
export function addRun(tally: Tally, { requests, judged, removed }: RunResult): void {
  tally.runs++
  tally.requests += requests
  for (const time of TIMES) for (const { result } of judged[time]) tally.times[time][result]++
  for (const one of judged.shipped) {
    const gone = one.lost.filter((name) => removed.includes(name)).length
    tally.died += one.died.length > 0 ? 1 : 0
    tally.named += one.died.length > 0 && one.named ? 1 : 0
    tally.finished += one.finished.length
    tally.lost += one.lost.length - gone
    tally.removed += gone
  }
}

/** Rows of a table, the first with the heads. */
export function tallyRows(tallies: readonly Tally[], kind = 'fault'): string[][] {
  const head = [kind, 'runs', 'requests']
  for (const time of TIMES) head.push(`${time}: right`, 'wrong', 'undet.')
  head.push('died: named', 'hops lost')
  const rows = tallies.map((tally) => [
    tally.fault,
    String(tally.runs),
    String(tally.requests),
    ...TIMES.flatMap((time) => {
      const { right, wrong, undetermined } = tally.times[time]
      return [right, wrong, undetermined].map(String)
    }),
    `${tally.named} of ${tally.died}`,
    `${tally.lost} of ${tally.finished}${tally.removed > 0 ? ` (+${tally.removed} removed)` : ''}`,
  ])
  return [head, ...rows]
}
