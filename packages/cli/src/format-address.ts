import { plain, type Paint } from './paint.js'

/** What a made-up address stands for; undefined for one that can be dialled. */
export function addressMeaning(address: string): string | undefined {
  const first = Number(/^(\d{1,3})\./.exec(address)?.[1] ?? 0)
  if (first === 241) return 'a process that does not listen on a port'
  return first >= 242 && first <= 254 ? 'an IPv6 address' : undefined
}

/** A line for each kind of made-up address among those that were printed. */
export function explainAddresses(addresses: readonly string[], paint: Paint = plain): string[] {
  const kinds = new Map<string, string>()
  for (const address of addresses) {
    const meaning = addressMeaning(address)
    if (meaning !== undefined && !kinds.has(meaning)) kinds.set(meaning, address)
  }
  return [...kinds].map(([meaning, address]) =>
    paint.faint(`${address} is made up: it stands for ${meaning}`),
  )
}
