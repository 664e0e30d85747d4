import type { FollowStep, ProgressEvent, ProgressResult } from '@hoptrace/core'
import { useEffect, useState } from 'preact/hooks'
import { formatAgo, formatClock } from '../../src/model/format.js'
import { endedBadly, verdictSentence } from '../../src/model/sentence.js'
import { askForLines } from '../api.js'
import { Link, traceAddress } from '../location.js'
import { Failure, VerdictBadge } from '../parts.js'

/** How far one flow got, in words for people who do not read traces. It follows the flow until that has ended. */
export function ProgressView({ of }: { readonly of: string }) {
  const [events, setEvents] = useState<readonly ProgressEvent[]>([])
  const [progress, setProgress] = useState<ProgressResult>()
  const [error, setError] = useState<Error>()
  const [times, setTimes] = useState(0)
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const abort = new AbortController()
    setEvents([])
    setError(undefined)
    const read = async (): Promise<void> => {
      for await (const step of askForLines<FollowStep>('follow', { of }, abort.signal)) {
        if (step.kind === 'event') setEvents((before) => [...before, step.event])
        else {
          setProgress(step.progress)
          if (step.kind === 'end') setEvents(step.progress.events)
        }
      }
    }
    read().catch((cause: Error) => {
      if (!abort.signal.aborted) setError(cause)
    })
    const clock = setInterval(() => setNow(Date.now()), 1000)
    return () => {
      abort.abort()
      clearInterval(clock)
    }
  }, [of, times])
  const ordered = events.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
  return (
    <>
      <h1>Progress of {of}</h1>
      {error !== undefined && <Failure error={error} onAgain={() => setTimes(times + 1)} />}
      {progress !== undefined && (
        <p class="sentence" role="status">
          <VerdictBadge verdict={progress.verdict} /> {verdictSentence(progress)}
        </p>
      )}
      <ol class="steps" aria-label="Steps that are done">
        {ordered.map((event) => (
          <li key={event.key}>
            <span aria-hidden="true" class="good">
              ✔
            </span>{' '}
            <strong>{event.name}</strong> in {event.service}{' '}
            <time dateTime={event.time}>{formatClock(event.time)}</time>{' '}
            <span class="what">
              {Object.entries(event.attributes)
                .map(([name, value]) => `${name}=${String(value)}`)
                .join(' ')}
            </span>
          </li>
        ))}
        {progress?.running.map((one) => (
          <li key={one.hopId} class="now">
            <span aria-hidden="true" class="open">
              …
            </span>{' '}
            <strong>{one.service}</strong> works on it, since {formatAgo(Date.parse(one.since), now)}
            {one.waitsFor.length > 0 && `; it waits for ${one.waitsFor.join(', ')}`}
            {one.blockedSince !== undefined &&
              `; its process has served nothing since ${formatClock(one.blockedSince)}`}
          </li>
        ))}
        {progress !== undefined && endedBadly(progress.verdict) && (
          <li class="bad">
            <span aria-hidden="true">✗</span> {verdictSentence(progress)}
          </li>
        )}
      </ol>
      {progress !== undefined && events.length === 0 && <p class="empty">No step was recorded.</p>}
      <p>
        <Link to={traceAddress(of)}>The whole trace</Link>
      </p>
    </>
  )
}
