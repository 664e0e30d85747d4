import { limits, truncate } from './limits.js'
import type { AttributeValue, Attributes } from './record.js'

const none: Attributes = {}

/** Attributes as they are recorded: bounded in number, values of three types, others as text. */
export function cleanAttributes(attributes: Readonly<Record<string, unknown>> | undefined): Attributes {
  if (attributes === undefined || attributes === null) return none
  const clean: Record<string, AttributeValue> = {}
  let count = 0
  for (const name of Object.keys(attributes)) {
    const value = attributes[name]
    if (value === undefined) continue
    if (++count > limits.attributes) break
    clean[truncate(name, 128)] =
      typeof value === 'string' ||
      typeof value === 'boolean' ||
      (typeof value === 'number' && Number.isFinite(value))
        ? value
        : describe(value)
  }
  return clean
}

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null && !(value instanceof Date)) return JSON.stringify(value)
  return String(value)
}
