import { formatTable, type Output } from '@hoptrace/cli'
import { describeJudged } from './judge.js'
import { describeStrike, type Plan } from './plan.js'
import { addRun, emptyTally, tallyRows, TIMES, type RunResult, type Tally } from './tally.js'

/** What a report is about. */
export interface ReportOptions {
  /** What the rows of its table are. */
  readonly kind: 'fault' | 'topology'
  /** Their names, in order. */
  readonly rows: readonly string[]
  readonly seed: number
  /** One document at the end, in place of lines and a table. */
  readonly json: boolean
  /** Every answer that is not right, and not only the first few of each run. */
  readonly verbose: boolean
}

const FEW = 4

/** Says what came of each run, and of all of them in a table. */
export class Report {
  readonly #output: Output
  readonly #options: ReportOptions
  readonly #tallies: ReadonlyMap<string, Tally>
  readonly #all = emptyTally('all')
  readonly #bad: string[] = []

  constructor(output: Output, options: ReportOptions) {
    this.#output = output
    this.#options = options
    this.#tallies = new Map(options.rows.map((row) => [row, emptyTally(row)]))
  }

  /** Counts a run in, and says what came of it. */
  async add(row: string, plan: Plan, result: RunResult): Promise<void> {
    addRun(this.#all, result)
    const tally = this.#tallies.get(row)
    if (tally) addRun(tally, result)
    const lines = this.#linesOf(row, plan, result)
    if (this.#options.json) this.#output.note(lines.join('\n'))
    else await this.#output.lines(lines)
  }

  /** The table so far, as lines of text. */
  table(): string[] {
    const cells = tallyRows(this.#shown(), this.#options.kind).map((row) => row.map((text) => ({ text })))
    return formatTable(cells)
  }

  #shown(): Tally[] {
    return [...[...this.#tallies.values()].filter(({ runs }) => runs > 0), this.#all]
  }

  /** Prints the table; resolves to the exit code: 1 when a verdict was wrong. */
  async close(): Promise<number> {
    const { seed, json } = this.#options
    const wrong = TIMES.reduce((sum, time) => sum + this.#all.times[time].wrong, 0)
    if (json) await this.#output.document({ seed, wrong, bad: this.#bad, tallies: this.#shown() })
    else {
      await this.#output.lines(['', ...this.table(), ''])
      await this.#output.lines([wrong > 0 ? `${wrong} verdicts are wrong` : 'no verdict is wrong'])
    }
    return wrong > 0 ? 1 : 0
  }

  /** One line for the run, and one for each answer that is not right. */
  #linesOf(row: string, plan: Plan, { requests, judged, removed }: RunResult): string[] {
    const where = this.#options.kind === 'topology' ? `${row}: ` : ''
    const lines = [`${this.#all.runs} ${where}${plan.map(describeStrike).join(' + ')}: ${requests} requests`]
    for (const time of TIMES) {
      const odd = judged[time].filter(
        (one) =>
          one.result === 'wrong' ||
          (time === 'shipped' &&
            (one.result !== 'right' ||
              one.lost.some((name) => !removed.includes(name)) ||
              (one.died.length > 0 && !one.named))),
      )
      const texts = odd.map((one) => `  ${time}, ${one.result}: ${describeJudged(one)}`)
      lines.push(...texts.slice(0, this.#options.verbose ? texts.length : FEW))
      this.#bad.push(...texts.filter((_, index) => odd[index]?.result === 'wrong'))
    }
    return lines
  }
}
