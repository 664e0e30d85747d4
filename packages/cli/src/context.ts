import type { Output } from './output.js'

/** What every command gets. */
export interface CommandContext {
  readonly output: Output
  readonly env: NodeJS.ProcessEnv
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  readonly version?: string
  /** Takes the parser's messages about wrong use. */
  readonly usage: (text: string) => void
  /** Sets the exit code that the process ends with if the command does not throw. */
  readonly exitWith: (code: number) => void
}

/** Options that all commands take. */
export interface GlobalOptions {
  readonly json?: boolean
  readonly dir?: string
  readonly store?: readonly string[]
  readonly recursive?: boolean
  readonly iterative?: boolean
  readonly timeout?: string
}
