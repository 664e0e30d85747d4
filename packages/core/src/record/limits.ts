/** Bounds of what one hop may record; what goes beyond is shed and counted. */
export const limits = {
  keys: 16,
  keyNameChars: 64,
  keyValueChars: 256,
  events: 1000,
  calls: 10_000,
  attributes: 64,
  errorMessageChars: 1024,
  targetChars: 255,
  routeChars: 512,
} as const

/** The first `chars` characters, never half of a surrogate pair. */
export function truncate(text: string, chars: number): string {
  if (text.length <= chars) return text
  const cut = text.slice(0, chars)
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut
}

/** A business key's name or value as it is recorded: of several ways to encode one text the composed one (NFC), cut to its length. */
export function recordedText(text: string, chars: number): string {
  return truncate(isAscii.test(text) ? text : text.normalize('NFC'), chars)
}

const isAscii = /^[\x00-\x7f]*$/
