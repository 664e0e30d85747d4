// The limit of a test or hook says only that it was reached. Long before it, this says what the process still waits for: on the error
// output, and in the file that HOPTRACE_HANGS names, which `.ci/run` prints at its end.
import { appendFileSync } from 'node:fs'
import { afterAll, beforeEach, expect } from 'vitest'

const QUIET_MILLIS = 120_000

let progressAt = performance.now()
let at = 'before its first test'
beforeEach(({ task }) => {
  timer.refresh()
  progressAt = performance.now()
  at = `since "${task.name}"`
})

function pending() {
  const counts = new Map()
  for (const kind of process.getActiveResourcesInfo?.() ?? []) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return Array.from(counts, ([kind, count]) => `${count} ${kind}`).join(', ') || 'nothing'
}

const timer = setInterval(() => {
  const seconds = Math.round((performance.now() - progressAt) / 1000)
  const says = `${expect.getState().testPath}: no progress for ${seconds} s, ${at}; it waits for: ${pending()}\n`
  process.stderr.write(says)
  if (process.env.HOPTRACE_HANGS) appendFileSync(process.env.HOPTRACE_HANGS, says)
}, QUIET_MILLIS).unref()
afterAll(() => clearInterval(timer))
