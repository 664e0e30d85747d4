import type { VerdictName } from './answer.js'

/**
 * The command's exit codes. If anything keeps a question from being answered, the code is `unknown`, never
 * `bad`.
 */
export const EXIT = { good: 0, bad: 1, misuse: 2, unknown: 3, running: 4, interrupted: 130 } as const

/** The exit code of a verdict. */
export function verdictExit(verdict: VerdictName): number {
  return VERDICT_EXITS[verdict]
}

const VERDICT_EXITS: Readonly<Record<VerdictName, number>> = {
  completed: EXIT.good,
  failed: EXIT.bad,
  died: EXIT.bad,
  unreachable: EXIT.bad,
  interrupted: EXIT.bad,
  running: EXIT.running,
  undetermined: EXIT.unknown,
  'not-found': EXIT.unknown,
}
