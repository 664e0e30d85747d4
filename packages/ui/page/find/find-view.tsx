import type { InstanceView } from '../../src/model/instance-view.js'
import type { SearchRow } from '../../src/server/summary.js'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { formatClock, formatDuration } from '../../src/model/format.js'
import { endedBadly } from '../../src/model/sentence.js'
import { askFor, askForLines } from '../api.js'
import { goTo, Link, traceAddress, useLocation } from '../location.js'
import { Failure, VerdictBadge } from '../parts.js'
import { Results, searchOf, type Found } from './search.js'
import { Scatter } from './scatter.js'

const SPANS = [
  ['5m', 'last 5 minutes', 300_000],
  ['1h', 'last hour', 3_600_000],
  ['1d', 'last day', 86_400_000],
  ['7d', 'last 7 days', 604_800_000],
] as const

const STATUSES = ['', 'error', 'ok', 'open', '4xx', '5xx']

/** Between two drawings of results that are still coming. */
const DRAW_MILLIS = 60

/** Finds traces: by an id, by a key, or by a service and a span of time. */
export function FindView() {
  const { parameters } = useLocation()
  // New parameters are another object, so that a search that was sent twice is asked twice.
  const search = useMemo(() => searchOf(parameters, Date.now()), [parameters])
  const [found, setFound] = useState<readonly Found[]>([])
  const [state, setState] = useState<'idle' | 'reading' | 'done' | 'stopped'>('idle')
  const [error, setError] = useState<Error>()
  const stop = useRef<AbortController>(undefined)
  useEffect(() => {
    setFound([])
    setError(undefined)
    if (search === undefined) return setState('idle')
    const abort = new AbortController()
    stop.current = abort
    setState('reading')
    const read = async (): Promise<void> => {
      const results = new Results()
      let shown = 0
      let isDue = false
      const show = (): void => {
        isDue = false
        shown++
        if (!abort.signal.aborted) setFound(results.list())
      }
      for await (const row of askForLines<SearchRow>(search.path, search.parameters, abort.signal)) {
        results.add(row)
        if (isDue) continue
        // The first at once; then several at a time, or drawing would take longer than reading.
        if (shown === 0) show()
        else {
          isDue = true
          setTimeout(show, DRAW_MILLIS)
        }
      }
      show()
    }
    read().then(
      () => setState('done'),
      (cause: Error) => {
        if (abort.signal.aborted) return
        setError(cause)
        setState('done')
      },
    )
    return () => abort.abort()
  }, [search])
  const halt = (): void => {
    stop.current?.abort()
    setState('stopped')
  }
  const newest = search?.path === 'range' ? found.toReversed() : found
  return (
    <>
      <h1>Find a request</h1>
      <Forms parameters={parameters} />
      {error !== undefined && <Failure error={error} onAgain={() => goTo(`/?${parameters}`, true)} />}
      {state !== 'idle' && (
        <p class="status" role="status">
          {state === 'reading' ? 'Reading: ' : state === 'stopped' ? 'Stopped: ' : ''}
          {found.length} {found.length === 1 ? 'request' : 'requests'}
          {found.length > 0 && `, up to ${formatClock((newest[0] as Found).time)}`}{' '}
          {state === 'reading' && (
            <button type="button" onClick={halt}>
              Stop
            </button>
          )}
        </p>
      )}
      {found.length > 0 && (
        <div class="results">
          <Scatter
            found={found}
            onOpen={(one) => goTo(traceAddress(one.hopId))}
            onZoom={(from, to) => {
              if (search?.path !== 'range') return
              const zoomed = new URLSearchParams(parameters)
              zoomed.delete('last')
              zoomed.set('from', String(from))
              zoomed.set('to', String(to))
              goTo(`/?${zoomed}`)
            }}
          />
          <ResultList found={newest} />
        </div>
      )}
      {state === 'done' && found.length === 0 && error === undefined && (
        <p class="empty">Nothing fits. A longer span of time, or fewer conditions, may find more.</p>
      )}
    </>
  )
}

function Forms({ parameters }: { readonly parameters: URLSearchParams }) {
  const [services, setServices] = useState<readonly string[]>([])
  useEffect(() => {
    const abort = new AbortController()
    askFor<{ instances: readonly InstanceView[] }>('instances', {}, abort.signal).then(
      ({ instances }) => setServices([...new Set(instances.map(({ service }) => service))].sort()),
      () => undefined,
    )
    return () => abort.abort()
  }, [])
  const field = (name: string): string => parameters.get(name) ?? ''
  const look = (event: SubmitEvent): void => {
    event.preventDefault()
    const text = String(new FormData(event.currentTarget as HTMLFormElement).get('of')).trim()
    if (text === '') return
    // A key may have several traces; an id has one.
    if (text.includes('=')) goTo(`/?${new URLSearchParams({ key: text })}`)
    else goTo(traceAddress(text))
  }
  const list = (event: SubmitEvent): void => {
    event.preventDefault()
    const given = new URLSearchParams()
    for (const [name, value] of new FormData(event.currentTarget as HTMLFormElement))
      if (typeof value === 'string' && value.trim() !== '') given.set(name, value.trim())
    goTo(`/?${given}`)
  }
  return (
    <div class="forms">
      <form class="bar" onSubmit={look} role="search" aria-label="By id or key">
        <label>
          Id or key
          <input
            name="of"
            size={40}
            defaultValue={field('key')}
            placeholder="orderId=42"
            autocomplete="off"
            spellcheck={false}
          />
        </label>
        <button>Find</button>
      </form>
      <form class="bar" onSubmit={list} role="search" aria-label="By service">
        <label>
          Service
          <input name="service" list="services" required defaultValue={field('service')} autocomplete="off" />
          <datalist id="services">
            {services.map((service) => (
              <option key={service} value={service} />
            ))}
          </datalist>
        </label>
        <label>
          Time
          <select name="last" key={`last${field('last')}`}>
            {SPANS.map(([name, label]) => (
              <option key={name} value={name} selected={name === (field('last') || '1h')}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label>
          Status
          <select name="status" key={`status${field('status')}`}>
            {STATUSES.map((status) => (
              <option key={status} value={status} selected={status === field('status')}>
                {status === '' ? 'any' : status}
              </option>
            ))}
          </select>
        </label>
        <label>
          Route
          <input
            name="route"
            size={14}
            defaultValue={field('route')}
            placeholder="/orders/:id"
            autocomplete="off"
            spellcheck={false}
          />
        </label>
        <label>
          At least, ms
          <input
            name="atLeast"
            size={6}
            inputMode="decimal"
            pattern="\d*\.?\d*"
            defaultValue={field('atLeast')}
            autocomplete="off"
          />
        </label>
        <button>List</button>
      </form>
    </div>
  )
}

function ResultList({ found }: { readonly found: readonly Found[] }) {
  return (
    <div class="list" tabIndex={0} role="region" aria-label="Requests">
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Request</th>
            <th scope="col">Verdict</th>
            <th scope="col">Ended in</th>
            <th scope="col" class="number">
              Errors
            </th>
            <th scope="col" class="number">
              Hops
            </th>
            <th scope="col" class="number">
              Duration
            </th>
          </tr>
        </thead>
        <tbody>
          {found.slice(0, SHOWN).map(({ hopId, time, label, summary, failure, durationMicros }) => (
            <tr key={hopId}>
              <td>
                <time dateTime={time}>{formatClock(time)}</time>
              </td>
              <td>
                <Link to={traceAddress(hopId)}>{label === '' ? hopId : label}</Link>
              </td>
              <td>{summary === undefined ? (failure ?? '…') : <VerdictBadge verdict={summary.verdict} />}</td>
              <td>{summary !== undefined && endedBadly(summary.verdict) ? summary.endedAt?.service : ''}</td>
              <td class="number">{summary === undefined || summary.errors === 0 ? '' : summary.errors}</td>
              <td class="number">{summary?.hops ?? ''}</td>
              <td class="number">{formatDuration(summary?.durationMicros ?? durationMicros)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {found.length > SHOWN && <p>{found.length - SHOWN} more: narrow the search to see them.</p>}
    </div>
  )
}

const SHOWN = 300
