import { limits, recordedText } from '../../record/limits.js'

/** A business key as it is recorded. */
export interface Key {
  readonly name: string
  readonly value: string
}

/**
 * A key as `setKey` records it: composed (NFC), cut to the same length, and well-formed like every text written as UTF-8. So
 * a caller finds the key by the text that the application gave.
 */
export function recordedKey(name: string, value: string): Key {
  return {
    name: wellFormed(recordedText(name, limits.keyNameChars)),
    value: wellFormed(recordedText(value, limits.keyValueChars)),
  }
}

/** `name=value`, as it is recorded; undefined when it is none. */
export function parsedKey(text: string): Key | undefined {
  const equals = text.indexOf('=')
  return equals < 1 ? undefined : recordedKey(text.slice(0, equals), text.slice(equals + 1))
}

/** Halves of surrogate pairs have no UTF-8. */
function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8')
}

/** Which hops with a key are wanted: the newest, or the newest before a time. */
export interface KeyQuery extends Key {
  readonly limit: number
  readonly beforeNanos?: bigint | undefined
}
