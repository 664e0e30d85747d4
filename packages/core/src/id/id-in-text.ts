import { isHopId } from './hop-id.js'
import type { HopId } from './types.js'

/** Longer texts name no id. */
const maxChars = 1024
const header = /^traceparent\s*[:=]\s*/i
const traceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/
const dashed = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * The id that a person's text names: 32 hex digits of any case, with the dashes of a UUID, with `0x` before them, or a whole `traceparent`,
 * with or without the header's name. Undefined for anything else. For what programs send each other there is `isHopId`.
 */
export function hopIdInText(text: string): HopId | undefined {
  if (text.length > maxChars) return undefined
  const bare = text
    .trim()
    .replace(header, '')
    .replace(/^(["'])(.*)\1$/, '$2')
    .toLowerCase()
  const digits = traceparent.exec(bare)?.[1] ?? (dashed.test(bare) ? bare.replaceAll('-', '') : bare)
  const id = digits.startsWith('0x') ? digits.slice(2) : digits
  return isHopId(id) ? id : undefined
}
