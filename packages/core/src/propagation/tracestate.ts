/** The key of our member. */
export const MEMBER = 'hoptrace'

/** More than 32 members of full size never fit. */
export const MAX_TRACESTATE_CHARS = 16_384
const MAX_MEMBERS = 32
const MAX_KEY_CHARS = 256
const MAX_VALUE_CHARS = 256
/** What every party must pass on at least; more is cut. */
const MAX_SENT_CHARS = 512
/** Members longer than this are the first to go. */
const LARGE_MEMBER_CHARS = 128
/** Follows our member's id: the trace-id of `traceparent` is sealed, too. */
export const SEALED_TRACE = ';s'
/** `hoptrace=`, 32 digits, the tag, the optional suffix, and the comma. */
const OWN_CHARS = MEMBER.length + 1 + 32 + 17 + SEALED_TRACE.length + 1

/** The keys of Level 2, among which are all of Level 1. */
const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** A `tracestate`, taken apart. */
export interface TraceState {
  /** The value of our member, or undefined. Hostile: any text that the grammar allows. */
  readonly own: string | undefined
  /** The other members, in order, `key=value` joined with commas, cut so that ours fits before them. */
  readonly others: string
}

const NONE: TraceState = { own: undefined, others: '' }

/**
 * Reads `tracestate` by the grammar of W3C Trace Context Level 2. A malformed member or more than 32 of them
 * void the whole list. Empty members are left out; of a repeated key the left-most member, the newest, stays.
 */
export function parseTracestate(text: string): TraceState {
  if (text === '' || text.length > MAX_TRACESTATE_CHARS) return NONE
  let own: string | undefined
  const keys: string[] = []
  const others: string[] = []
  let count = 0
  // Most requests carry our member alone.
  for (const part of text.includes(',') ? text.split(',') : [text]) {
    const member = trimBlanks(part)
    if (member === '') continue
    if (++count > MAX_MEMBERS) return NONE
    const equals = member.indexOf('=')
    if (equals < 1 || equals > MAX_KEY_CHARS || member.length - equals - 1 > MAX_VALUE_CHARS) return NONE
    const key = member.slice(0, equals)
    const value = member.slice(equals + 1)
    if (!KEY.test(key) || !VALUE.test(value)) return NONE
    if (key === MEMBER) own ??= value
    else if (!keys.includes(key)) {
      keys.push(key)
      others.push(member)
    }
  }
  return { own, others: others.length === 0 ? '' : fit(others) }
}

/** Our member left-most, followed by the others. `others` must come from `parseTracestate`, or be empty. */
export function formatTracestate(own: string, others: string): string {
  return others === '' ? `${MEMBER}=${own}` : `${MEMBER}=${own},${others}`
}

/** Drops members until ours and they keep the limits: the large ones first, then the right-most. */
function fit(members: string[]): string {
  let kept = members.slice(0, MAX_MEMBERS - 1)
  let chars = OWN_CHARS - 1 + kept.reduce((sum, member) => sum + member.length + 1, 0)
  for (let i = kept.length - 1; i >= 0 && chars > MAX_SENT_CHARS; i--) {
    const { length } = kept[i] as string
    if (length <= LARGE_MEMBER_CHARS) continue
    kept = [...kept.slice(0, i), ...kept.slice(i + 1)]
    chars -= length + 1
  }
  while (chars > MAX_SENT_CHARS) chars -= (kept.pop() as string).length + 1
  return kept.join(',')
}

/** Without spaces and tabs at either end; `trim` would take more than the grammar's OWS. */
function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09
