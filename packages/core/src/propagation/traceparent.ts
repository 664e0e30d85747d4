/** What a valid `traceparent` says. */
export interface TraceParent {
  readonly traceId: string
  /** 16 hex digits of the caller's span. */
  readonly parentId: string
  /** All 8 bits as they came. */
  readonly flags: number
}

/** No version of the header that this code can read has a reason to be longer. */
export const MAX_TRACEPARENT_CHARS = 512

const VERSION_00 = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/
const LENGTH = 55
const ZERO_TRACE = '0'.repeat(32)
const ZERO_SPAN = '0'.repeat(16)
/** `sampled` and `random-trace-id`: the Recommendation has every other bit sent as zero. */
const KNOWN_FLAGS = 0x03

/**
 * Reads `traceparent` by the W3C Recommendation: lowercase hex only, never version `ff`, never all-zero ids, version `00`
 * exactly 55 characters, a later version at least those and then the end or a dash. Undefined for anything else.
 */
export function parseTraceparent(text: string): TraceParent | undefined {
  if (text.length < LENGTH || text.length > MAX_TRACEPARENT_CHARS) return undefined
  const match = VERSION_00.exec(text)
  if (match === null) return undefined
  const [, version = '', traceId = '', parentId = '', flags = ''] = match
  if (version === 'ff' || traceId === ZERO_TRACE || parentId === ZERO_SPAN) return undefined
  if (text.length > LENGTH && (version === '00' || text[LENGTH] !== '-')) return undefined
  return { traceId, parentId, flags: Number.parseInt(flags, 16) }
}

/** Writes version `00`. Of `flags`, the two bits that the Recommendation defines are passed on. */
export function formatTraceparent(traceId: string, parentId: string, flags: number): string {
  return `00-${traceId}-${parentId}-0${flags & KNOWN_FLAGS}`
}

/** The parent-id, if the text is a `traceparent`. */
export const parentIdIn = (traceparent: string): string => traceparent.slice(36, 52)
