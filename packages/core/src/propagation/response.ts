import type { ServedBy } from '../hop/record.js'
import { fold64, isHopId, parseAddress, sealId } from '../id/index.js'
import type { HopId, SealKey, TraceId } from '../id/index.js'
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
}

const NOTHING: Readonly<Record<string, string>> = Object.freeze({})

/** How ids may leave the cluster. */
export interface ResponseRules {
  /** Seals ids for callers that are not part of the cluster. */
  readonly sealKey?: SealKey | undefined
  /** Without a key, callers outside get no id at all. @default NODE_ENV is 'production' */
  readonly production?: boolean
}

/**
 * The headers that a response carries: `hoptrace: <HopId>;<service>;<ip:port>` to a trusted caller that sent our member of
 * `tracestate`, `traceresponse` to any other. In the latter, ids that this cluster issued are sealed under the cluster key;
 * a trace-id that the caller itself sent goes back as it came. Empty when nothing may be told.
 */
export function responseHeaders(
  context: Pick<InboundContext, 'sentHoptrace' | 'continued'>,
  who: Answering,
  rules: ResponseRules = {},
): Readonly<Record<string, string>> {
  const { hopId, traceId, flags } = who
  if (context.sentHoptrace) return { [HOPTRACE]: `${hopId};${who.service};${who.address}` }
  const { sealKey, production = process.env['NODE_ENV'] === 'production' } = rules
  if (sealKey === undefined) {
    return production ? NOTHING : { [TRACERESPONSE]: formatTraceparent(traceId, fold64(hopId), flags) }
  }
  const sealedHop = sealId(sealKey, hopId)
  const trace = context.continued || !isHopId(traceId) ? traceId : sealId(sealKey, traceId)
  return { [TRACERESPONSE]: formatTraceparent(trace, fold64(sealedHop), flags) }
}

const MAX_CHARS = 32 + 1 + 64 + 1 + 21
const SERVICE = /^[a-z0-9._-]{1,64}$/

/** Who answered, as the response says; undefined when it does not say, or not well. Hostile input: well formed, not more. */
export function readServedBy(headers: RawHeaders): ServedBy | undefined {
  try {
    const [hopId = '', service = '', address = '', ...rest] =
      headerText(headers, HOPTRACE, MAX_CHARS)?.split(';') ?? []
    if (rest.length > 0 || !isHopId(hopId) || !SERVICE.test(service)) return undefined
    const port = parseAddress(address)?.port
    return port === undefined || port === 0 ? undefined : { hopId, service, address }
  } catch {
    return undefined
  }
}
