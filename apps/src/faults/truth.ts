import { openSync, writeSync } from 'node:fs'

/** What a service really did, as it says itself, outside of hoptrace. */
export type TruthLine =
  /** It has the request in its hands. */
  | { readonly what: 'began'; readonly request: string; readonly service: string; readonly pid: number }
  /** How the call to another service ended: a status or an error's code. */
  | {
      readonly what: 'saw'
      readonly request: string
      readonly service: string
      readonly of: string
      readonly outcome: string
    }
  /** It has done its work and is about to answer; `lost` when it then breaks the connection itself. */
  | {
      readonly what: 'answered'
      readonly request: string
      readonly service: string
      readonly status: number
      readonly lost: boolean
    }
  /** The last byte of its answer is in the kernel. */
  | { readonly what: 'sent'; readonly request: string; readonly service: string }

/** Appends lines to a file; each is in the kernel when the call returns, so that it survives the death of the process. */
export function createTruthWriter(file: string): (line: TruthLine) => void {
  const fd = openSync(file, 'a')
  return (line) => void writeSync(fd, `${JSON.stringify(line)}\n`)
}

/** What one service did with one request. */
export interface Deed {
  readonly pid: number
  /** How its calls ended, by service. */
  readonly saw: Readonly<Record<string, string>>
  readonly answered: { readonly status: number; readonly lost: boolean } | null
  readonly sent: boolean
}

/** What was done with one request, by service. */
export type Deeds = ReadonlyMap<string, Deed>

/** A deed with one more thing known of it. */
export function withLine(
  deed: Deed = { pid: 0, saw: {}, answered: null, sent: false },
  line: TruthLine,
): Deed {
  switch (line.what) {
    case 'began':
      return { ...deed, pid: line.pid }
    case 'saw':
      return { ...deed, saw: { ...deed.saw, [line.of]: line.outcome } }
    case 'answered':
      return { ...deed, answered: { status: line.status, lost: line.lost } }
    case 'sent':
      return { ...deed, sent: true }
  }
}
