/** A runtime that is not Node. */
export type RuntimeName = 'bun' | 'deno'

export const runtimeNames: readonly RuntimeName[]

/** An executable of a runtime. */
export interface Runtime {
  readonly name: RuntimeName
  readonly version: string
  /** The words that run a program: its file and its arguments follow. */
  readonly command: readonly string[]
}

/** Brings the npm package of a runtime, unless npm has it already. Rejects if npm cannot. */
export function runtimeOf(name: RuntimeName): Promise<Runtime>
