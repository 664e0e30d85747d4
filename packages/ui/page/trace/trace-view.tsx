import type { ResolveResult } from '@hoptrace/core'
import { useCallback, useMemo, useRef, useState } from 'preact/hooks'
import { formatClock, formatDuration } from '../../src/model/format.js'
import { partialSentence, verdictSentence } from '../../src/model/sentence.js'
import { holdsText, shownRows, traceModel, type TraceModel } from '../../src/model/trace-model.js'
import { goTo, Link, traceAddress, useLocation } from '../location.js'
import { copy, Failure, VerdictBadge } from '../parts.js'
import { Details } from './details.js'
import { useKeys } from './keys.js'
import { KeyHelp } from './key-help.js'
import { useTrace } from './use-trace.js'
import { Waterfall } from './waterfall.js'

/** One trace: the verdict, the tree next to the waterfall, and the chosen hop. */
export function TraceView({ of }: { readonly of: string }) {
  const { result, isReading, error, again } = useTrace(of)
  if (result === undefined)
    return (
      <>
        <h1>Trace</h1>
        {error === undefined ? (
          <p class="status" role="status">
            Walking from hop to hop …
          </p>
        ) : (
          <Failure error={error} onAgain={again} />
        )}
      </>
    )
  return <Trace of={of} result={result} isReading={isReading} error={error} again={again} />
}

interface TraceProps {
  readonly of: string
  readonly result: ResolveResult
  readonly isReading: boolean
  readonly error: Error | undefined
  readonly again: () => void
}

function Trace({ of, result, isReading, error, again }: TraceProps) {
  const model = useMemo(() => traceModel(result), [result])
  const { parameters } = useLocation()
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set())
  const [text, setText] = useState('')
  const [isHelping, setHelping] = useState(false)
  const searchField = useRef<HTMLInputElement>(null)
  const shown = useMemo(() => shownRows(model.rows, collapsed), [model, collapsed])
  const found = useMemo(
    () =>
      new Set(text === '' ? [] : model.rows.flatMap((row, index) => (holdsText(row, text) ? [index] : []))),
    [model, text],
  )
  const wanted = parameters.get('hop')
  const chosen = chosenIn(model, wanted)
  const choose = useCallback(
    (index: number): void => {
      const row = model.rows[index]
      if (row === undefined) return
      setCollapsed((before) => opened(before, model, index))
      goTo(traceAddress(of, row.hop?.hopId ?? row.call?.hopId), true)
    },
    [model, of],
  )
  const toggle = useCallback(
    (index: number): void => {
      const row = model.rows[index]
      if (row === undefined || row.children.length === 0) return
      setCollapsed((before) => {
        const after = new Set(before)
        if (!after.delete(row.key)) after.add(row.key)
        return after
      })
    },
    [model],
  )
  const next = (fits: (index: number) => boolean): void => {
    const { length } = model.rows
    for (let step = 1; step <= length; step++) {
      const index = (chosen + step) % length
      if (fits(index)) return choose(index)
    }
  }
  const move = (by: number): void => {
    const index = shown[Math.max(0, Math.min(shown.length - 1, shown.indexOf(chosen) + by))]
    if (index !== undefined) choose(index)
  }
  useKeys({
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    PageDown: () => move(20),
    PageUp: () => move(-20),
    Home: () => move(-shown.length),
    End: () => move(shown.length),
    ArrowLeft: () => {
      const row = model.rows[chosen]
      if (row === undefined) return
      if (row.children.length > 0 && !collapsed.has(row.key)) toggle(chosen)
      else choose(Math.max(0, row.parent))
    },
    ArrowRight: () => {
      const row = model.rows[chosen]
      if (row !== undefined && collapsed.has(row.key)) toggle(chosen)
      else if (row?.children[0] !== undefined) choose(row.children[0])
    },
    Enter: () => toggle(chosen),
    e: () => next((index) => model.rows[index]?.isError === true),
    n: () => next((index) => found.has(index)),
    d: () => {
      const end = model.rows.findIndex(({ isEnd }) => isEnd)
      if (end >= 0) choose(end)
    },
    '/': () => searchField.current?.focus(),
    '?': () => setHelping((before) => !before),
    Escape: () => setHelping(false),
  })
  const [entry] = result.hops
  return (
    <>
      <section class={`verdict ${result.verdict}`} aria-label="Verdict">
        <h1>
          <VerdictBadge verdict={result.verdict} /> {verdictSentence(result)}
        </h1>
        <p class="facts">
          {entry !== undefined && (
            <>
              {entry.method} {entry.route} · {formatDuration(entry.durationMicros)} · {result.hops.length}{' '}
              {result.hops.length === 1 ? 'hop' : 'hops'} · {formatClock(entry.startTime)} ·{' '}
            </>
          )}
          <code>{result.traceId}</code>
        </p>
        {result.evidence.length > 0 && (
          <ul class="evidence" aria-label="Evidence">
            {result.evidence.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
        {result.partialBecause.length > 0 && (
          <p class="note">Partial: {partialSentence(result.partialBecause)}.</p>
        )}
        {error !== undefined && <Failure error={error} />}
      </section>
      <div class="tools">
        <label>
          Search in this trace
          <input
            ref={searchField}
            type="search"
            value={text}
            onInput={(event) => setText((event.currentTarget as HTMLInputElement).value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') next((index) => found.has(index))
              if (event.key === 'Escape') (event.currentTarget as HTMLInputElement).blur()
            }}
          />
        </label>
        <span role="status">{text === '' ? '' : `${found.size} found`}</span>
        <Jump
          label="Where it ended"
          mark="d"
          isOf={model.rows.some(({ isEnd }) => isEnd)}
          onClick={() => choose(model.rows.findIndex(({ isEnd }) => isEnd))}
        />
        <Jump
          label="Next error"
          mark="e"
          isOf={model.rows.some(({ isError }) => isError)}
          onClick={() => next((index) => model.rows[index]?.isError === true)}
        />
        <button type="button" onClick={() => setCollapsed(collapsed.size > 0 ? new Set() : callers(model))}>
          {collapsed.size > 0 ? 'Expand all' : 'Collapse all'}
        </button>
        <CopyButton label="Copy id" text={result.traceId} />
        <CopyButton label="Copy as JSON" text={JSON.stringify(result, undefined, 2)} />
        <Link to={`/progress/${encodeURIComponent(of)}`}>Progress</Link>
        <button type="button" onClick={again} disabled={isReading}>
          Ask again
        </button>
        <button type="button" aria-expanded={isHelping} onClick={() => setHelping(!isHelping)}>
          Keys <kbd>?</kbd>
        </button>
      </div>
      {isHelping && <KeyHelp />}
      {model.rows.length > 0 && (
        <div class="trace">
          <Waterfall
            model={model}
            shown={shown}
            collapsed={collapsed}
            chosen={chosen}
            found={found}
            onChoose={choose}
            onToggle={toggle}
          />
          <Details row={model.rows[chosen]} startTime={model.startTime} />
        </div>
      )}
    </>
  )
}

function Jump({
  label,
  mark,
  isOf,
  onClick,
}: {
  readonly label: string
  readonly mark: string
  readonly isOf: boolean
  readonly onClick: () => void
}) {
  return (
    <button type="button" disabled={!isOf} onClick={onClick}>
      {label} <kbd>{mark}</kbd>
    </button>
  )
}

function CopyButton({ label, text }: { readonly label: string; readonly text: string }) {
  const [said, setSaid] = useState('')
  const onClick = (): void => {
    void copy(text).then((isDone) => {
      setSaid(isDone ? 'Copied' : 'The browser allows no copying here')
      setTimeout(() => setSaid(''), 1500)
    })
  }
  return (
    <button type="button" onClick={onClick}>
      {said === '' ? label : said}
    </button>
  )
}

/** The row that the address names, else where the request ended, else the entry. */
function chosenIn({ rows }: TraceModel, wanted: string | null): number {
  const named = wanted === null ? -1 : rows.findIndex(({ hop, call }) => (hop ?? call)?.hopId === wanted)
  return Math.max(0, named >= 0 ? named : rows.findIndex(({ isEnd }) => isEnd))
}

function opened(collapsed: ReadonlySet<string>, { rows }: TraceModel, index: number): ReadonlySet<string> {
  let after: Set<string> | undefined
  for (let at = rows[index]?.parent ?? -1; at >= 0; at = rows[at]?.parent ?? -1) {
    const key = rows[at]?.key ?? ''
    if (collapsed.has(key)) (after ??= new Set(collapsed)).delete(key)
  }
  return after ?? collapsed
}

function callers({ rows }: TraceModel): Set<string> {
  return new Set(rows.flatMap(({ key, depth, children }) => (depth > 0 && children.length > 0 ? [key] : [])))
}
