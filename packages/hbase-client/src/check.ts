/**
 * Refuses fields that do not exist. Otherwise a misspelt field of a delete would widen what it deletes.
 * @throws TypeError that names the field and the valid fields.
 */
export function checkFields(what: string, value: unknown, allowed: readonly string[]): void {
  checkObject(what, value)
  // Also those that it inherits, because they are read, too.
  for (const name in value) {
    if (!allowed.includes(name))
      throw new TypeError(`${what}: there is no field ${shown(name)}; the fields are ${allowed.join(', ')}`)
  }
}

/** Refuses what has no fields. @throws TypeError */
export function checkObject(what: string, value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value))
    throw new TypeError(`${what}: expected an object, got ${shown(value)}`)
}

/** Refuses what is no array. @throws TypeError */
export function checkList(what: string, value: unknown): void {
  if (!Array.isArray(value)) throw new TypeError(`${what}: expected an array, got ${shown(value)}`)
}

/** The fields that the options of every operation have. */
export const callFields = ['timeoutMillis', 'signal'] as const

/**
 * Refuses a timestamp that HBase would change, because HBase has signed 64 bits.
 * @throws TypeError
 */
export function checkTimestamp(what: string, timestamp: bigint | undefined): void {
  if (timestamp === undefined) return
  if (typeof timestamp !== 'bigint' || timestamp < 0n || timestamp > maxTimestamp)
    throw new TypeError(
      `${what}: a timestamp is a bigint from 0n to ${maxTimestamp}n, got ${shown(timestamp)}`,
    )
}

/**
 * Refuses anything but a whole number above 0.
 * @throws TypeError
 */
export function checkCount(name: string, value: number | undefined): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value > 0))
    throw new TypeError(`${name}: expected a positive integer, got ${shown(value)}`)
}

/** A list without two equal items. `what` names the item in the error. @throws TypeError */
export function checkDistinct(what: string, items: readonly string[]): void {
  const seen = new Set<string>()
  for (const item of items) {
    if (seen.has(item)) throw new TypeError(`${what} ${shown(item)} is given twice`)
    seen.add(item)
  }
}

const maxTimestamp = 2n ** 63n - 1n

/** A value for an error message, on one bounded line. */
export function shown(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (ArrayBuffer.isView(value)) {
    return JSON.stringify(
      Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1', 0, 60),
    )
  }
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value)
  return text.slice(0, 80)
}
