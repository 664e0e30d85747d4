import type { Row } from '@hoptrace/core/store'

/**
 * A member of the sorted set is one version of a row: `key version(4) value`. In the key each zero byte is followed by ff, and two zero
 * bytes end it, so members order as their keys do, and the versions of a key follow each other.
 */
const versionBytes = 4

/** A key as members begin with it. */
export function encodeKey(key: Uint8Array): Buffer {
  const zeros = key.reduce((count, byte) => (byte === 0 ? count + 1 : count), 0)
  const encoded = Buffer.alloc(key.length + zeros + 2)
  let at = 0
  for (const byte of key) {
    encoded[at++] = byte
    if (byte === 0) encoded[at++] = 0xff
  }
  return encoded
}

/** The rows of members in their order: of each key the last version. */
export function rowsOf(members: readonly Buffer[]): Row[] {
  const rows: Row[] = []
  for (const member of members) {
    const end = endOfKey(member)
    const row = { key: decodeKey(member.subarray(0, end - 2)), value: member.subarray(end + versionBytes) }
    const previous = rows.at(-1)
    if (previous !== undefined && Buffer.compare(previous.key, row.key) === 0) rows.pop()
    rows.push(row)
  }
  return rows
}

/** Where members after this one begin: with the next version of its key. */
export function afterMember(member: Buffer | undefined): Buffer | undefined {
  if (member === undefined) return undefined
  const next = Buffer.from(member.subarray(0, endOfKey(member) + versionBytes))
  next.writeUInt32BE(next.readUInt32BE(next.length - versionBytes) + 1, next.length - versionBytes)
  return next
}

function endOfKey(member: Buffer): number {
  const end = member.indexOf('\0\0', 0, 'latin1')
  if (end < 0 || end + 2 + versionBytes > member.length) throw new Error('a member of the set is no row')
  return end + 2
}

function decodeKey(encoded: Buffer): Buffer {
  if (!encoded.includes(0)) return encoded
  const key = Buffer.alloc(encoded.length)
  let length = 0
  for (let at = 0; at < encoded.length; at++) {
    const byte = encoded[at] as number
    key[length++] = byte
    if (byte === 0) at++
  }
  return key.subarray(0, length)
}
