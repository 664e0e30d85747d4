import { limits, truncate } from '../record/limits.js'
import type { AttributeValue, Attributes } from '../record/record.js'

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
    const kept =
      typeof value === 'string' ||
      typeof value === 'boolean' ||
      (typeof value === 'number' && Number.isFinite(value))
        ? value
        : describe(value)
    setOwn(clean, truncate(name, 128), kept)
  }
  return clean
}

/** Sets a property whose name is data: it may be `__proto__`. */
export function setOwn<T>(into: Record<string, T>, name: string, value: T): void {
  if (name === '__proto__') {
    Object.defineProperty(into, name, { value, enumerable: true, configurable: true, writable: true })
  } else {
    into[name] = value
  }
}

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
    // Nothing comes of a value whose `toJSON` gives nothing.
    return JSON.stringify(value) ?? 'undefined'
  }
  return String(value)
}
