import { isHopId } from '../../id/index.js'
import type { InstanceRows } from '../../store/instance-row.js'
import type { TraceSource } from '../walk/source.js'
import { Guard, type Asker } from './guard.js'
import { answerHop, type Errands } from './hop-route.js'
import { answerKeys } from './key-route.js'
import { metricsText } from './metrics-route.js'
import type { OwnRecords } from './own-records.js'
import { answerProgress, type Progress } from './progress-route.js'
import { answerRange } from './range-route.js'
import { json, plain, refused, type EndpointResponse } from './responses.js'

export type { EndpointResponse } from './responses.js'

/** One request to the endpoint, free of any framework or socket. */
export type EndpointRequest = Asker

/** Options of `LiveEndpoint`. */
export interface LiveEndpointOptions {
  readonly own: OwnRecords
  /** With it every request must be signed; without it only processes of this host are answered. */
  readonly clusterKey?: string | undefined
  /** What `?recurse=1` walks with: the registry's rows, and how runs are asked. Left out: it is answered like `recurse=0`. */
  readonly walk?: { readonly rows: () => Promise<InstanceRows>; readonly source: TraceSource }
  /** What `progress/<id>` answers with. Left out: 404. */
  readonly progress?: Progress
  /** Questions at a time; more are refused with 503. @default 64 */
  readonly maxConcurrent?: number
}

const prefix = '/_hoptrace/v1/'
const maxUrlChars = 4096

/**
 * The live endpoint of one instance, `/_hoptrace/v1/…`: `hops/<id>`, `keys`, `range`, `progress/<id>`, `instance`, `metrics`.
 * It reads; it changes nothing. Bounded in work for each asker and in all. `handle` never rejects.
 */
export class LiveEndpoint {
  private readonly guard: Guard
  private readonly errands: Errands = new Map()
  private busy = 0

  constructor(private readonly options: LiveEndpointOptions) {
    this.guard = new Guard(options.clusterKey)
  }

  /** Answers a request. `signal`: the asker has gone. */
  async handle(
    request: EndpointRequest,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<EndpointResponse> {
    const refusal = this.guard.refuse(request)
    if (refusal !== null) return refused(refusal)
    if (request.method !== 'GET') return plain(405, 'only GET is answered')
    if (request.url.length > maxUrlChars || !request.url.startsWith(prefix))
      return plain(404, 'no such thing')
    if (this.busy >= (this.options.maxConcurrent ?? 64)) return plain(503, 'too many questions at a time')
    this.busy++
    let answer: EndpointResponse
    try {
      answer = await this.route(request, signal)
    } catch (error) {
      answer = plain(500, error instanceof Error ? error.message : String(error))
    }
    return { ...answer, body: this.counted(answer.body) }
  }

  private async route(request: EndpointRequest, signal: AbortSignal): Promise<EndpointResponse> {
    const { own, walk, progress } = this.options
    const url = new URL(request.url, 'http://localhost')
    const [kind = '', id = '', ...rest] = url.pathname.slice(prefix.length).split('/')
    const query = url.searchParams
    if (rest.length > 0) return plain(404, 'no such thing')
    if (kind === 'instance' && id === '') return json(200, own.row())
    if (kind === 'metrics' && id === '')
      return plain(200, metricsText(own), 'text/plain; version=0.0.4; charset=utf-8')
    if (kind === 'keys' && id === '') return answerKeys(own, query)
    if (kind === 'range' && id === '') return answerRange(own, query, signal)
    if (kind === 'hops' && isHopId(id)) {
      return answerHop({ own, walk, errands: this.errands, id, query, signal })
    }
    if (kind === 'progress' && progress !== undefined && id !== '' && id.length < 512) {
      return answerProgress(progress, decodeURIComponent(id), request.headers, query, signal)
    }
    return plain(404, 'no such thing')
  }

  /** The question is over when its answer has been read, or nobody reads it any more. */
  private counted(body: AsyncIterable<string>): AsyncIterable<string> {
    const release = once(() => this.busy--)
    // An asker that never reads must not keep a place for ever.
    const timer = setTimeout(release, 60_000)
    timer.unref()
    return {
      [Symbol.asyncIterator]: async function* () {
        try {
          yield* body
        } finally {
          clearTimeout(timer)
          release()
        }
      },
    }
  }
}

function once(act: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    act()
  }
}
