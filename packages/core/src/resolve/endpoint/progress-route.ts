import type { FollowOptions, FollowStep } from '../follow.js'
import type { ProgressResult } from '../progress.js'
import { toJson } from '../wire/record-json.js'
import { json, stream, type EndpointResponse } from './responses.js'

/** What answers questions about flows. */
export interface Progress {
  progress(idOrKey: string): Promise<ProgressResult>
  follow(idOrKey: string, options?: FollowOptions): AsyncIterable<FollowStep>
}

/** The most hops that a `Last-Event-ID` names, and events of one hop. */
const maxHops = 200
const maxEvents = 10_000

/**
 * `progress/<id or name=value>`: the timeline as JSON; as server-sent events, following the flow, when the asker accepts
 * `text/event-stream`. The id of each message says how far each hop has been told, so that `Last-Event-ID` goes on after it.
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
  const told = readLastId(headers['last-event-id'] ?? query.get('last') ?? '')
  return stream(messages(source, idOrKey, told, signal), 'text/event-stream')
}

/** Events told so far, by hop. */
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
): AsyncGenerator<string> {
  const keys = [...told].flatMap(([hopId, last]) =>
    Array.from({ length: last + 1 }, (_, index) => `${hopId}-${index}`),
  )
  try {
    for await (const step of source.follow(idOrKey, { told: keys, signal })) {
      if (step.kind === 'event') {
        const [hopId = '', index = '0'] = step.event.key.split('-')
        // The hop that was told last stands last; the oldest go first.
        told.delete(hopId)
        told.set(hopId, Number(index))
        const id = [...told].slice(-maxHops).map(([hop, last]) => `${hop}-${last}`)
        yield `event: event\nid: ${id.join(',')}\ndata: ${toJson(step.event)}\n\n`
      } else yield `event: ${step.kind}\ndata: ${toJson(step.progress)}\n\n`
    }
  } catch (error) {
    if (signal.aborted) return
    yield `event: error\ndata: ${toJson({ message: error instanceof Error ? error.message : 'failed' })}\n\n`
  }
}
