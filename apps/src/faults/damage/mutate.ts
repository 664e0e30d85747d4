import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Ways to damage a file. */
export const MUTATIONS = [
  'flip',
  'zeros',
  'ones',
  'noise',
  'cut',
  'swap',
  'old copy',
  'remove',
  'empty',
] as const

/** Name of a way. */
export type Mutation = (typeof MUTATIONS)[number]

/** Numbers in [0, 1). */
export type Random = () => number

/** The most bytes of one filled stretch or one swapped block. */
const MOST_BYTES = 4096

/**
 * Damages one file of a data directory in a seeded way. `earlier` are copies of the directory, oldest first. Returns what
 * was done, in words, or undefined when the file cannot be damaged so: it would stay as it is.
 */
export function mutateFile(
  dataDir: string,
  file: string,
  mutation: Mutation,
  random: Random,
  earlier: readonly string[],
): string | undefined {
  const full = path.join(dataDir, file)
  const before = readFileSync(full)
  if (mutation === 'remove') {
    rmSync(full)
    return 'removed'
  }
  const old = earlier.filter((dir) => existsSync(path.join(dir, file)))
  const changed =
    mutation === 'old copy'
      ? old.length === 0
        ? undefined
        : { bytes: readFileSync(path.join(pick(old, random), file)), words: 'an old copy put back' }
      : mutateBytes(before, mutation, random)
  if (changed === undefined || changed.bytes.equals(before)) return undefined
  writeFileSync(full, changed.bytes)
  return changed.words
}

interface Changed {
  readonly bytes: Buffer
  readonly words: string
}

function mutateBytes(before: Buffer, mutation: Mutation, random: Random): Changed | undefined {
  if (before.length === 0) return undefined
  const bytes = Buffer.from(before)
  // Files are written ahead of their content: most damage is to hit what was written.
  const written = writtenBytes(before)
  const at = Math.floor(random() * written)
  const length = 1 + Math.floor(random() * Math.min(MOST_BYTES, written))
  const end = Math.min(bytes.length, at + length)
  switch (mutation) {
    case 'flip': {
      const bit = Math.floor(random() * 8)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
      return { bytes, words: `bit ${bit} of byte ${at} flipped` }
    }
    case 'zeros':
      return { bytes: bytes.fill(0, at, end), words: `bytes ${at} to ${end} filled with 0` }
    case 'ones':
      return { bytes: bytes.fill(0xff, at, end), words: `bytes ${at} to ${end} filled with 255` }
    case 'noise':
      for (let index = at; index < end; index++) bytes[index] = Math.floor(random() * 256)
      return { bytes, words: `bytes ${at} to ${end} filled with noise` }
    case 'cut':
      return { bytes: bytes.subarray(0, at), words: `cut at byte ${at} of ${before.length}` }
    case 'swap':
      return swapped(bytes, written, random)
    case 'empty':
      return { bytes: Buffer.alloc(0), words: 'emptied' }
  }
  return undefined
}

/** Two blocks of one size change places. */
function swapped(bytes: Buffer, written: number, random: Random): Changed | undefined {
  const size = 1 + Math.floor(random() * Math.min(MOST_BYTES, written >> 1))
  const [one = 0, other = 0] = [random(), random()]
    .map((share) => Math.floor(share * (written - size + 1)))
    .sort((a, b) => a - b)
  if (other < one + size) return undefined
  const kept = Buffer.from(bytes.subarray(one, one + size))
  bytes.copyWithin(one, other, other + size)
  kept.copy(bytes, other)
  return { bytes, words: `${size} bytes at ${one} and ${other} swapped` }
}

/** Bytes up to the last one that is followed by a long repetition, as a preallocated file has; else all. */
function writtenBytes(bytes: Buffer): number {
  for (let period = 1; period <= 64; period++) {
    let end = bytes.length
    while (end > period && bytes[end - 1] === bytes[end - 1 - period]) end--
    if (bytes.length - end > 1024) return Math.max(1, end)
  }
  return bytes.length
}

function pick<T>(from: readonly T[], random: Random): T {
  return from[Math.floor(random() * from.length)] as T
}
