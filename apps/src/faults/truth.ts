import { openSync, readFileSync, writeSync } from 'node:fs'

/** What a service really did, as it says itself, outside of hoptrace. */
export type TruthLine =
  /** It has the request in its hands. */
  | { readonly what: 'began'; readonly request: string; readonly service: string; readonly pid: number }
  /** How the call to the next service ended: a status or an error's code. */
  | { readonly what: 'saw'; readonly request: string; readonly service: string; readonly outcome: string }
  /** It has done its work and is about to answer; `lost` when it then breaks the connection itself. */
  | {
      readonly what: 'answered'
      readonly request: string
      readonly service: string
      readonly status: number
      readonly lost: boolean
    }

/** Appends lines to a file; each is in the kernel when the call returns, so that it survives the death of the process. */
export function createTruthWriter(file: string): (line: TruthLine) => void {
  const fd = openSync(file, 'a')
  return (line) => void writeSync(fd, `${JSON.stringify(line)}\n`)
}

/** What one service did with one request. */
export interface Deed {
  readonly pid: number
  readonly saw: string | null
  readonly answered: { readonly status: number; readonly lost: boolean } | null
}

/** All deeds: by request, then by service. */
export type Truth = ReadonlyMap<string, ReadonlyMap<string, Deed>>

/** Reads the files of all services. */
export function readTruth(files: readonly string[]): Truth {
  const truth = new Map<string, Map<string, Deed>>()
  for (const file of files) {
    for (const text of readFileSync(file, 'utf8').split('\n')) {
      if (text === '') continue
      const line = JSON.parse(text) as TruthLine
      const deeds = truth.get(line.request) ?? new Map<string, Deed>()
      truth.set(line.request, deeds)
      const deed = deeds.get(line.service) ?? { pid: 0, saw: null, answered: null }
      deeds.set(line.service, withLine(deed, line))
    }
  }
  return truth
}

function withLine(deed: Deed, line: TruthLine): Deed {
  switch (line.what) {
    case 'began':
      return { ...deed, pid: line.pid }
    case 'saw':
      return { ...deed, saw: line.outcome }
    case 'answered':
      return { ...deed, answered: { status: line.status, lost: line.lost } }
  }
}
