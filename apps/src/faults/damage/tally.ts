import { MUTATIONS, type Mutation } from './mutate.js'
import { RESULTS, type Result } from './judge.js'
import { PLACES, type Place } from './places.js'

/** Answers by place and mutation. */
export class DamageTally {
  readonly #counts = new Map<string, Record<Result, number>>()
  readonly #runs = new Map<string, number>()

  addRun(place: Place, mutation: Mutation, results: readonly Result[]): void {
    for (const name of [keyOf(place, mutation), 'all']) {
      const counts = this.#counts.get(name) ?? none()
      for (const result of results) counts[result]++
      this.#counts.set(name, counts)
      this.#runs.set(name, (this.#runs.get(name) ?? 0) + 1)
    }
  }

  /** Answers of all runs. */
  get all(): Readonly<Record<Result, number>> {
    return this.#counts.get('all') ?? none()
  }

  /** One row for each place and mutation that there was, as text; heads first, sums last. */
  rows(): string[][] {
    const rows: string[][] = [['place', 'mutation', 'runs', ...RESULTS]]
    const row = (place: string, mutation: string, name: string): void => {
      const counts = this.#counts.get(name)
      if (counts === undefined) return
      rows.push([
        place,
        mutation,
        String(this.#runs.get(name)),
        ...RESULTS.map((result) => String(counts[result])),
      ])
    }
    for (const place of PLACES) for (const mutation of MUTATIONS) row(place, mutation, keyOf(place, mutation))
    row('all', '', 'all')
    return rows
  }

  /** The same as objects. */
  json(): Readonly<Record<string, string | number>>[] {
    const [heads = [], ...rows] = this.rows()
    return rows.map((row) => {
      const cells = row.map((text, index): [string, string | number] => [
        heads[index] ?? '',
        index < 2 ? text : Number(text),
      ])
      return Object.fromEntries(cells)
    })
  }
}

const keyOf = (place: Place, mutation: Mutation): string => `${place} ${mutation}`

const none = (): Record<Result, number> => ({ found: 0, undetermined: 0, error: 0, wrong: 0, hang: 0 })
