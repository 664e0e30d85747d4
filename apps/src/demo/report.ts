import { formatAnswer, formatTable, verdictSentence, type Paint } from '@hoptrace/cli'
import type { Asked } from './ask.js'
import type { Caused, Scenario } from './scenario.js'

/** A scenario, what it caused, and the answers about it. */
export interface Result {
  readonly scenario: Scenario
  readonly caused: Caused
  readonly asked: Asked
}

/** The heading of a scenario. */
export function heading(scenario: Scenario, index: number, total: number, paint: Paint): string {
  const number = `${index + 1}/${total}`
  return `\n${paint.faint('━━')} ${paint.strong(`${number} ${scenario.name}`)} ${paint.faint('━━')} ${scenario.caused}\n`
}

/** What a person wants to read about a scenario: the walk, the verdict, and whether both ways agree. */
export function formatResult({ caused, asked }: Result, paint: Paint): string[] {
  const { recursive, iterative } = asked.answers
  const same = verdictSentence(recursive) === verdictSentence(iterative)
  const agreed = `iterative  says the same, in ${iterative.elapsedMillis.toFixed(1)} ms, hop by hop from here`
  return [
    paint.faint(`order ${caused.orderId}, answered ${caused.answer}; hoptrace resolve ${caused.subject}`),
    '',
    ...formatAnswer(recursive, paint),
    same ? paint.faint(agreed) : paint.bad(`iterative  says: ${verdictSentence(iterative)}`),
    ...asked.wrong.map((text) => paint.bad(`wrong      ${text}`)),
  ]
}

/** The closing table: scenario, cause, answer, ok. */
export function formatSummary(results: readonly Result[], paint: Paint): string[] {
  const head = ['', 'scenario', 'caused', 'verdict'].map((text) => ({
    text,
    paint: (padded: string) => paint.faint(padded),
  }))
  const rows = results.map(({ scenario, asked }) => {
    const ok = asked.wrong.length === 0
    const tone = (text: string): string => (ok ? paint.good(text) : paint.bad(text))
    return [
      { text: ok ? 'ok' : 'WRONG', paint: tone },
      { text: scenario.name, paint: (text: string) => paint.strong(text) },
      { text: scenario.caused },
      { text: verdictSentence(asked.answers.recursive), paint: tone },
    ]
  })
  return formatTable([head, ...rows])
}
