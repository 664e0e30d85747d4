import { timing } from '../../base/timing.js'
import { askPrefix as prefix } from '../../ask/names.js'
import { HoptraceError } from '../../base/errors.js'
import { isHopId } from '../../id/index.js'
import type { RegistryRows } from '../../record/instance-row.js'
import { messageOf } from '../../base/message.js'
import { parseUrl } from '../../base/parse-url.js'
import type { TraceSource } from '../../resolve/walk/source.js'
import { answerHop, blocked, type Errands } from './hop-route.js'
import { answerKeys } from './key-route.js'
import { metricsText } from './metrics-route.js'
import type { OwnRecords } from './own-records.js'
import { holding, Places } from './places.js'
import { answerProgress, isFollowed, type Progress } from './progress-route.js'
import { Desks } from './desks.js'
import type { RangeBudget, RangeWork } from './range-lines.js'
import { answerRange } from './range-route.js'
import { Turns } from './turns.js'
import { isOtherRun, otherRun } from './same-run.js'
import { json, plain, type EndpointResponse } from './responses.js'

export type { EndpointResponse } from './responses.js'

/** One request to the endpoint, free of any framework or socket. */
export interface EndpointRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The name of the asker; the limits are per asker. */
  readonly asker: string
}

/** Options of `LiveEndpoint`. */
export interface LiveEndpointOptions {
  readonly own: OwnRecords
  /**
   * What `?recurse=1` walks with: the registry's rows, and how runs are asked. Left out: it is answered like
   * `recurse=0`.
   */
  readonly walk?: { readonly known: () => Promise<RegistryRows>; readonly source: TraceSource }
  /** What `progress/<id>` answers with. Left out: 404. */
  readonly progress?: Progress
  /** Questions at a time; more are refused with 503. @default 128 */
  readonly maxConcurrent?: number
  /** Questions at a time of one asker. @default half of `maxConcurrent` */
  readonly maxOfOne?: number
  /** Flows that are followed at a time. @default 32, half of them by one asker */
  readonly maxFollowers?: number
  /** What one answer to `range` may cost. @default a second of work, 32 MiB, 50000 records */
  readonly budget?: Partial<RangeBudget>
  /** How long an answer may wait for its reader. @default 60000 */
  readonly idleMillis?: number
}

const defaultBudget: RangeBudget = { workMillis: 1000, bytes: 32 << 20, records: 50_000 }
/** Ranges that are worked on at a time: each holds some segments in memory. */
const desks = 4
const maxUrlChars = 4096
/** A key's name and value, every byte of them encoded. */
const maxSubjectChars = 3 * 4 * 330

/**
 * The live endpoint of one instance, `/_hoptrace/v1/…`: `hops/<id>`, `keys`, `range`, `progress/<id>`,
 * `instance`, `metrics`. It reads; it changes nothing. Bounded in work for each asker and in all. `handle`
 * never rejects.
 */
export class LiveEndpoint {
  private readonly errands: Errands = new Map()
  private readonly questions: Places
  private readonly followers: Places
  private readonly work: RangeWork

  constructor(private readonly options: LiveEndpointOptions) {
    const { maxConcurrent = 128, maxOfOne = Math.ceil(maxConcurrent / 2), maxFollowers = 32 } = options
    this.questions = new Places(maxConcurrent, maxOfOne)
    this.work = {
      turns: new Turns(() => options.own.busy === true),
      desks: new Desks(desks),
      budget: { ...defaultBudget, ...options.budget },
    }
    this.followers = new Places(maxFollowers, Math.ceil(maxFollowers / 2))
  }

  /** Answers a request. `signal`: the asker has gone. */
  async handle(
    request: EndpointRequest,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<EndpointResponse> {
    if (request.method !== 'GET') return plain(405, 'only GET is answered')
    if (request.url.length > maxUrlChars || !request.url.startsWith(prefix))
      return plain(404, 'no such thing')
    const url = parseUrl(request.url, 'http://localhost')
    if (url?.pathname.startsWith(prefix) !== true) return plain(404, 'no such thing')
    const places = isFollowed(url, request.headers) ? this.followers : this.questions
    const release = places.take(request.asker)
    if (release === undefined) return plain(503, 'too many questions at a time')
    let answer: EndpointResponse
    try {
      answer = await this.route(url, request, signal)
    } catch (error) {
      answer = plain(...failure(error))
    }
    return {
      ...answer,
      body: holding(answer.body, release, this.options.idleMillis ?? timing.idleAskerMillis),
    }
  }

  private async route(url: URL, request: EndpointRequest, signal: AbortSignal): Promise<EndpointResponse> {
    const { own, walk, progress } = this.options
    if (isOtherRun(own, url.searchParams)) return otherRun()
    const [kind = '', id = '', ...rest] = url.pathname.slice(prefix.length).split('/')
    const query = url.searchParams
    if (rest.length > 0) return plain(404, 'no such thing')
    if (kind === 'instance' && id === '') return json(200, { ...own.row(), ...(await blocked(own)) })
    if (kind === 'metrics' && id === '')
      return plain(200, metricsText(own), 'text/plain; version=0.0.4; charset=utf-8')
    if (kind === 'keys' && id === '') return answerKeys(own, query)
    if (kind === 'range' && id === '') return answerRange(own, this.work, request.asker, query, signal)
    if (kind === 'hops' && isHopId(id)) {
      return answerHop({ own, walk, errands: this.errands, id, query, signal })
    }
    const subject = decoded(id)
    if (kind === 'progress' && progress !== undefined && subject !== undefined) {
      return answerProgress(progress, subject, request.headers, query, signal)
    }
    return plain(404, 'no such thing')
  }
}

/** An id or a key out of a path; undefined when it is empty, too long for one, or no UTF-8. */
function decoded(part: string): string | undefined {
  if (part === '' || part.length > maxSubjectChars) return undefined
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

/** A bad question is the asker's fault, and a failed read is ours. Neither answer shows a stack. */
function failure(error: unknown): [number, string] {
  const message = messageOf(error)
  if (!(error instanceof HoptraceError)) return [500, message]
  return [error.code === 'HOPTRACE_BAD_ID' || error.code === 'HOPTRACE_BAD_KEY' ? 400 : 503, message]
}
