import { unnamed, type ServedBy } from '../record/record.js'
import { fold64, hopIdAddress, isHopId, parseAddress, sealId, unsealId } from '../id/index.js'
import type { HopId, TraceId } from '../id/index.js'
import type { ClusterKeys } from '../key/index.js'
import { headerText, HOPTRACE, TRACERESPONSE, type RawHeaders } from './headers.js'
import type { InboundContext } from './inbound.js'
import { formatTraceparent } from './traceparent.js'

/** Who answers a request. */
export interface Answering {
  readonly hopId: HopId
  readonly traceId: TraceId
  readonly service: string
  /** `ip:port` */
  readonly address: string
  readonly flags: number
  /** A caller that introduced itself dialled an address of this very process. */
  readonly isDialled: boolean
}

/** What a response header begins with that tells of another cluster key. */
const KEY = 'key='

/**
 * The headers of a response.
 *
 * - To a caller of the cluster: `hoptrace: <HopId>;<service>;<ip:port>;<tag>`. The tag binds it to the id
 *   that the caller assigned.
 * - To a caller that introduced itself, or whose id is too old or too new: `hoptrace: <sealed HopId>-<tag>`.
 *   For an introduction, the tag also says whether its caller dialled an address of this process: any server
 *   can forward an introduction and return the answer.
 * - To all others `traceresponse`, in which ids of this cluster are sealed; a trace-id that the caller itself
 *   sent goes back unchanged. In addition `hoptrace: key=<fingerprint>`, if the caller has another cluster
 *   key.
 */
export function responseHeaders(
  context: Pick<InboundContext, 'asked' | 'assignedId' | 'introduction' | 'unknownKey' | 'continued'>,
  who: Answering,
  keys: ClusterKeys,
): Readonly<Record<string, string>> {
  const { hopId, traceId, flags, service, address } = who
  const { asked, introduction, assignedId } = context
  if (asked !== undefined) {
    const tag = keys.answerTag(asked, hopId, service, address)
    return { [HOPTRACE]: `${hopId};${service};${address};${tag}` }
  }
  const sealedHop = sealId(keys.seal, hopId)
  if (introduction !== undefined) {
    const dialled = who.isDialled && assignedId !== undefined ? hopIdAddress(assignedId) : ''
    return { [HOPTRACE]: `${sealedHop}-${keys.answerTag(introduction, hopId, '', dialled)}` }
  }
  const trace =
    traceId === hopId
      ? sealedHop
      : context.continued || !isHopId(traceId)
        ? traceId
        : sealId(keys.seal, traceId)
  const traceresponse = formatTraceparent(trace, fold64(sealedHop), flags)
  return context.unknownKey
    ? { [TRACERESPONSE]: traceresponse, [HOPTRACE]: KEY + keys.fingerprint }
    : { [TRACERESPONSE]: traceresponse }
}

const MAX_CHARS = 4 * (32 + 1 + 64 + 1 + 21 + 1 + 16 + 2)
const ANSWER = /^([0-9a-f]{32});([a-z0-9._-]{1,64});(\d[\d.]{6,14}:\d{1,5});([0-9a-f]{16})$/
const PROOF = /^([0-9a-f]{32})-([0-9a-f]{16})$/
const OTHER_KEY = /^key=([0-9a-f]{8})$/

/** What a response says of who answered. */
export interface Answer {
  /** The hop that answered, proven; its service is {@link unnamed} if the response named none. */
  readonly servedBy: ServedBy | null
  /** Fingerprint of the callee's cluster key, when it is another one. Not proven. */
  readonly otherKey: string | null
  /** The process that the call dialled has the key itself, and no other passed the request on. */
  readonly proven: boolean
}

export const noAnswer: Answer = { servedBy: null, otherKey: null, proven: false }

/**
 * Reads the response of one call. `asked`: what the call's headers asked to be answered
 * (`SentContext.asked`). A header that was not made with the key of the cluster for this very call says
 * nothing: a cache replays it, or a gateway passes that of another call on. Of several in one header the
 * first that is good counts.
 */
export function readAnswer(headers: RawHeaders, asked: HopId, keys: ClusterKeys): Answer {
  try {
    const text = headerText(headers, HOPTRACE, MAX_CHARS)
    if (text === undefined) return noAnswer
    if (!text.includes(',')) return answerIn(text, asked, keys)
    const answers = text.split(',').map((part) => answerIn(part.trim(), asked, keys))
    return (
      answers.find(({ servedBy }) => servedBy !== null) ?? answers.find((one) => one.otherKey) ?? noAnswer
    )
  } catch {
    return noAnswer
  }
}

function answerIn(text: string, asked: HopId, keys: ClusterKeys): Answer {
  const answer = ANSWER.exec(text)
  if (answer !== null) {
    const [, hopId, service, address, tag] = answer as unknown as [string, HopId, string, string, string]
    const port = parseAddress(address)?.port ?? 0
    if (port === 0 || !keys.provesAnswer(tag, asked, hopId, service, address)) return noAnswer
    return { servedBy: { hopId, service, address }, otherKey: null, proven: false }
  }
  const proof = PROOF.exec(text)
  if (proof !== null) {
    const hopId = unsealId(keys.seal, proof[1] as string)
    const assigned = unsealId(keys.seal, asked)
    if (hopId === undefined || assigned === undefined) return noAnswer
    const tag = proof[2] as string
    const proven = keys.provesAnswer(tag, asked, hopId, '', hopIdAddress(assigned))
    if (!proven && !keys.provesAnswer(tag, asked, hopId, '', '')) return noAnswer
    return { servedBy: { hopId, service: unnamed, address: hopIdAddress(hopId) }, otherKey: null, proven }
  }
  const other = OTHER_KEY.exec(text)?.[1]
  return other === undefined || other === keys.fingerprint ? noAnswer : { ...noAnswer, otherKey: other }
}
