import type { RecoveredRun } from './recover-run.js'

/** Runs that are named one by one; of more, each service gets one line. */
const maxNamed = 5

/**
 * What is said of runs that were shipped for their services: never a line for each of very many, and none for those that
 * ended in order and lost nothing.
 */
export function adoptedLines(adopted: readonly RecoveredRun[]): string[] {
  const died = adopted.filter(({ ended, interrupted, damage }) => !ended || interrupted > 0 || damage > 0)
  const named = died
    .slice(0, maxNamed)
    .map(
      ({ run, hops, interrupted, damage }) =>
        `${run.service} ${run.address} (pid ${run.pid}) had died: shipped ${hops} hops, ${interrupted} interrupted${lost(damage)}`,
    )
  const others = died.slice(maxNamed)
  const services = [...new Set(others.map(({ run }) => run.service))]
  const more = services.map((service) => {
    const runs = others.filter(({ run }) => run.service === service)
    const sum = (of: (run: RecoveredRun) => number): number => runs.reduce((total, run) => total + of(run), 0)
    const [hops, interrupted] = [sum((run) => run.hops), sum((run) => run.interrupted)]
    return `${runs.length} more runs of ${service} had died: shipped ${hops} hops, ${interrupted} interrupted${lost(sum(({ damage }) => damage))}`
  })
  return [...named, ...more]
}

function lost(damage: number): string {
  return damage > 0 ? `, ${damage} entries or stretches of their logs could not be read` : ''
}
