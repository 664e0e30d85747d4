import { timing } from '../../base/timing.js'
import type { FollowOptions, FollowStep } from '../../resolve/follow.js'
import type { ProgressResult } from '../../resolve/progress.js'
import { toJson } from '../../record/record-json.js'
import { isHopId } from '../../id/index.js'
import { parsedKey } from '../../resolve/find/key-text.js'
import { beating } from './beating.js'
import { json, plain, stream, type EndpointResponse } from './responses.js'

/** What answers questions about flows. */
export interface Progress {
  progress(idOrKey: string): Promise<ProgressResult>
  follow(idOrKey: string, options?: FollowOptions): AsyncIterable<FollowStep>
}

/** The most hops that a `Last-Event-ID` names, and events of one hop. */
const maxHops = 200
const maxEvents = 10_000
/** The id of the last message of a flow that has ended. */
const over = 'over'

/** Is a flow to be followed? */
export function isFollowed(url: URL, headers: Readonly<Record<string, string | undefined>>): boolean {
  return (
    url.pathname.split('/')[3] === 'progress' &&
    (url.searchParams.get('follow') === '1' || headers['accept']?.includes('text/event-stream') === true)
  )
}

/**
 * `progress/<id or name=value>`: the timeline as JSON; or, if the asker accepts `text/event-stream`,
 * server-sent events that follow the flow. The id of each message says how much of each hop was sent, so that
 * a request with `Last-Event-ID` continues after it. A browser that reconnects after the end gets 204, which
 * stops it.
 */
export async function answerProgress(
  source: Progress,
  idOrKey: string,
  headers: Readonly<Record<string, string | undefined>>,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<EndpointResponse> {
  const streamed = query.get('follow') === '1' || headers['accept']?.includes('text/event-stream') === true
  if (!streamed) return json(200, await source.progress(idOrKey))
  if (!isHopId(idOrKey.toLowerCase()) && parsedKey(idOrKey) === undefined)
    return plain(400, 'an id is 32 hex digits, a business key is name=value')
  const lastId = headers['last-event-id'] ?? query.get('last') ?? ''
  if (lastId === over) return plain(204, '')
  const left = new AbortController()
  const told = messages(source, idOrKey, readLastId(lastId), AbortSignal.any([signal, left.signal]))
  return stream(
    beating(told, timing.progressBeatMillis, () => left.abort()),
    'text/event-stream',
  )
}

/** The number of events sent so far, by hop. */
type Told = Map<string, number>

function readLastId(text: string): Told {
  const told: Told = new Map()
  for (const part of text.split(',').slice(0, maxHops)) {
    const match = /^([0-9a-f]{32})-(\d{1,5})$/.exec(part)
    if (match !== null) told.set(match[1] as string, Math.min(Number(match[2]), maxEvents))
  }
  return told
}

async function* messages(
  source: Progress,
  idOrKey: string,
  told: Told,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const before = new Map(told)
  const wasTold = (key: string): boolean => {
    const [hopId = '', index = ''] = key.split('-')
    return Number(index) <= (before.get(hopId) ?? -1)
  }
  try {
    for await (const step of source.follow(idOrKey, { told: wasTold, signal })) {
      if (step.kind === 'event') {
        const [hopId = '', index = '0'] = step.event.key.split('-')
        // The hop of the latest event comes last; the oldest are dropped first.
        told.delete(hopId)
        told.set(hopId, Number(index))
        const id = [...told].slice(-maxHops).map(([hop, last]) => `${hop}-${last}`)
        yield `event: event\nid: ${id.join(',')}\ndata: ${toJson(step.event)}\n\n`
      } else {
        const id = step.kind === 'end' ? `id: ${over}\n` : ''
        yield `event: ${step.kind}\n${id}data: ${toJson(step.progress)}\n\n`
      }
    }
  } catch (error) {
    if (signal.aborted) return
    yield `event: error\ndata: ${toJson({ message: error instanceof Error ? error.message : 'failed' })}\n\n`
  }
}
