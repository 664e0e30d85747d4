/** What a tracer made of one request. */
export interface ComparedRequest {
  /** Server spans, or hops, that were finished, and those of them that the tracer does not have. */
  readonly finished: number
  readonly lost: number
  /** Its client was answered 200. */
  readonly well: boolean
  /** A process ended with it in its hands; `named`: the tracer shows that service in its trace. */
  readonly died: boolean
  readonly named: boolean
}

/** What a tracer made of all of them. */
export interface Compared {
  readonly tracer: string
  requests: number
  finished: number
  lost: number
  well: number
  looksBroken: number
  died: number
  named: number
}

/** Nothing counted yet. */
export function emptyCompared(tracer: string): Compared {
  return { tracer, requests: 0, finished: 0, lost: 0, well: 0, looksBroken: 0, died: 0, named: 0 }
}

/** Counts a request in. */
export function addCompared(compared: Compared, one: ComparedRequest): void {
  compared.requests++
  compared.finished += one.finished
  compared.lost += one.lost
  compared.well += one.well ? 1 : 0
  compared.looksBroken += one.well && one.lost > 0 ? 1 : 0
  compared.died += one.died ? 1 : 0
  compared.named += one.died && one.named ? 1 : 0
}

/** Rows of a table: one line a figure, one column a tracer. */
export function comparedRows(all: readonly Compared[]): string[][] {
  const share = (part: number, whole: number): string =>
    `${part} of ${whole} (${whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)}%`})`
  return [
    ['', ...all.map(({ tracer }) => tracer)],
    ['requests', ...all.map(({ requests }) => String(requests))],
    ['finished server spans never stored', ...all.map((one) => share(one.lost, one.finished))],
    ['answered 200, but the trace lacks a hop', ...all.map((one) => share(one.looksBroken, one.well))],
    ['request died in a process, and its service is named', ...all.map((one) => share(one.named, one.died))],
  ]
}
