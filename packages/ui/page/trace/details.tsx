import type { CallJson, WalkedHopJson } from '@hoptrace/core'
import { formatClock, formatDuration } from '../../src/model/format.js'
import type { TraceRow } from '../../src/model/trace-model.js'

const SOURCES = { live: 'the living process', log: 'its log', store: 'its store' } as const

/** Everything that is known of the chosen row. */
export function Details({
  row,
  startTime,
}: {
  readonly row: TraceRow | undefined
  readonly startTime: string | null
}) {
  if (row === undefined) return null
  const { hop, call } = row
  return (
    <aside class="details" aria-label="Chosen hop" tabIndex={0}>
      <h2>{hop?.service ?? call?.service ?? call?.target}</h2>
      {row.isEnd && <p class="failure">The request ended here.</p>}
      {row.isLastHealthy && <p>The last healthy service.</p>}
      {hop === undefined ? <Gap call={call} /> : <Hop hop={hop} call={call} />}
      {Math.abs(row.shiftMicros) >= 1000 && (
        <p class="note">
          ⇄ Its clock differs from its caller's: the bar was moved by {formatDuration(row.shiftMicros)}, so
          that it begins after its cause.
        </p>
      )}
      {startTime !== null && <p class="note">Begins {formatDuration(row.startMicros)} after the trace.</p>}
    </aside>
  )
}

function Gap({ call }: { readonly call: CallJson | undefined }) {
  if (call === undefined) return null
  return (
    <>
      <p>This call led to no record.</p>
      <Facts
        facts={{
          target: call.target,
          method: call.method,
          'the caller saw': call.outcome ?? 'no answer',
          after: formatDuration(call.durationMicros),
          'asked for': call.found ?? 'not asked',
          id: call.hopId,
        }}
      />
    </>
  )
}

function Hop({ hop, call }: { readonly hop: WalkedHopJson; readonly call: CallJson | undefined }) {
  const seen =
    call === undefined
      ? undefined
      : `${call.outcome ?? 'no answer'}, after ${formatDuration(call.durationMicros)}`
  return (
    <>
      <Facts
        facts={{
          request: `${hop.method ?? ''} ${hop.route ?? ''}`,
          status: hop.status,
          state: hop.aborted ? `${hop.state}, the caller had gone` : hop.state,
          duration: formatDuration(hop.durationMicros),
          instance: hop.instance,
          'the caller saw': seen,
          'record from': hop.toldBy === undefined ? SOURCES[hop.source] : `the word of ${hop.toldBy}`,
          crash: hop.crash,
          id: hop.hopId,
          started: formatClock(hop.startTime),
          'entries lost': hop.lost === 0 ? undefined : hop.lost,
          'left out under pressure': hop.shed === 0 ? undefined : hop.shed,
        }}
      />
      {hop.error !== null && (
        <p class="failure">
          {hop.error.name}: {hop.error.message}{' '}
          {hop.error.code !== null && hop.error.code !== undefined ? `[${hop.error.code}]` : ''}
        </p>
      )}
      <Named title="Keys" values={hop.keys} />
      <Named title="Attributes" values={hop.attributes} />
      {hop.events.length > 0 && (
        <>
          <h3>Events</h3>
          <ol class="events">
            {hop.events.map(({ name, time, attributes }, at) => (
              <li key={at}>
                <time dateTime={time}>{formatClock(time)}</time> <strong>{name}</strong>{' '}
                {Object.entries(attributes)
                  .map(([key, value]) => `${key}=${String(value)}`)
                  .join(' ')}
              </li>
            ))}
          </ol>
        </>
      )}
      {hop.next.length > 0 && (
        <>
          <h3>Calls</h3>
          <ul class="events">
            {hop.next.map((made, at) => (
              <li key={at}>
                +{formatDuration(made.offsetMicros)} {made.method}{' '}
                <strong>{made.service ?? made.target}</strong> {made.outcome ?? 'no answer yet'}{' '}
                {formatDuration(made.durationMicros)}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

function Facts({ facts }: { readonly facts: Readonly<Record<string, string | number | null | undefined>> }) {
  return (
    <dl class="facts-list">
      {Object.entries(facts).map(([name, value]) =>
        value === null || value === undefined || value === '' ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  )
}

function Named({
  title,
  values,
}: {
  readonly title: string
  readonly values: Readonly<Record<string, unknown>>
}) {
  const entries = Object.entries(values)
  if (entries.length === 0) return null
  return (
    <>
      <h3>{title}</h3>
      <Facts facts={Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))} />
    </>
  )
}
