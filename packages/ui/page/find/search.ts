import type { SearchRow, TraceSummary } from '../../src/server/summary.js'

/** One line of the results. */
export interface Found {
  readonly hopId: string
  readonly traceId: string
  /** ISO. */
  readonly time: string
  /** Method and route, or '' where only a key is known. */
  readonly label: string
  /** Of the hop; the trace's own is in the summary. */
  readonly durationMicros: number | null
  readonly summary?: TraceSummary
  /** Why there is no summary. */
  readonly failure?: string
}

/** Which question an address asks. */
export interface Search {
  readonly path: 'find' | 'range'
  readonly parameters: Readonly<Record<string, string>>
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** The question in the parameters of an address; undefined where there is none. */
export function searchOf(parameters: URLSearchParams, nowMillis: number): Search | undefined {
  const key = parameters.get('key')
  if (key !== null && key !== '') return { path: 'find', parameters: { key } }
  const service = parameters.get('service')
  if (service === null || service === '') return undefined
  const [, count = '1', unit = 'h'] = /^(\d{1,4})([mhd])$/.exec(parameters.get('last') ?? '') ?? []
  const asked: Record<string, string> = {
    service,
    from: parameters.get('from') ?? String(nowMillis - Number(count) * (UNITS[unit] ?? 0)),
    to: parameters.get('to') ?? String(nowMillis),
  }
  for (const name of ['status', 'route', 'limit']) {
    const value = parameters.get(name)
    if (value !== null && value !== '') asked[name] = value
  }
  const atLeast = Number(parameters.get('atLeast') ?? '')
  if (atLeast > 0) asked['minDurationMicros'] = String(Math.round(atLeast * 1000))
  return { path: 'range', parameters: asked }
}

/** The lines of an answer, as they come. A summary is that of every hop of its trace. */
export class Results {
  readonly #rows = new Map<string, Found>()
  readonly #ofTrace = new Map<string, { summary?: TraceSummary; readonly hopIds: string[] }>()

  list(): readonly Found[] {
    return [...this.#rows.values()]
  }

  add(row: SearchRow): void {
    if (row.kind === 'hop') {
      const { hopId, traceId, startTime, method, route, durationMicros } = row.hop
      this.#found({ hopId, traceId, time: startTime, label: words(method, route), durationMicros })
    } else if (row.kind === 'hit') {
      const { hopId, traceId, time } = row
      this.#found({ hopId, traceId, time, label: '', durationMicros: null })
    } else {
      const trace = this.#ofTrace.get(this.#rows.get(row.hopId)?.traceId ?? '')
      if (trace === undefined) return
      if (row.kind === 'summary') trace.summary = row.summary
      for (const hopId of trace.hopIds) {
        const one = this.#rows.get(hopId)
        if (one === undefined) continue
        this.#rows.set(
          hopId,
          row.kind === 'unknown' ? { ...one, failure: row.message } : summed(one, row.summary),
        )
      }
    }
  }

  #found(one: Found): void {
    const trace = this.#ofTrace.get(one.traceId) ?? { hopIds: [] }
    this.#ofTrace.set(one.traceId, trace)
    trace.hopIds.push(one.hopId)
    this.#rows.set(one.hopId, trace.summary === undefined ? one : summed(one, trace.summary))
  }
}

function summed(one: Found, summary: TraceSummary): Found {
  const { entry } = summary
  const label =
    one.label !== '' || entry === null ? one.label : words(entry.service, entry.method, entry.route)
  return { ...one, summary, label }
}

function words(...parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null).join(' ')
}
