import type { HopRecord } from '../../record/record.js'
import { foldVersions } from '../../record/fold.js'
import type { RecordSource } from '../../record/lookup.js'

/** A record and where it came from. */
export interface Sourced {
  readonly record: HopRecord
  readonly source: RecordSource
}

/**
 * Merges streams in id order, each with one record a hop, into one, versions of one hop folded. Holds one
 * record of each stream.
 */
export async function* mergeById(
  streams: readonly AsyncIterable<Sourced>[],
): AsyncGenerator<Sourced, void, undefined> {
  const readers = streams.map((stream): AsyncIterator<Sourced, unknown> => stream[Symbol.asyncIterator]())
  try {
    const heads = await Promise.all(readers.map(nextOf))
    for (;;) {
      let least: Sourced | undefined
      for (const head of heads) {
        if (head !== undefined && (least === undefined || head.record.hopId < least.record.hopId))
          least = head
      }
      if (least === undefined) return
      let folded = least
      for (const head of heads) {
        if (head?.record.hopId !== least.record.hopId) continue
        if (foldVersions(folded.record, head.record) === head.record) folded = head
      }
      // Yield it before reading anything after it.
      yield folded
      for (const [index, reader] of readers.entries()) {
        while (heads[index]?.record.hopId === least.record.hopId) heads[index] = await nextOf(reader)
      }
    }
  } finally {
    await Promise.all(readers.map(async (reader) => reader.return?.()))
  }
}

async function nextOf(reader: AsyncIterator<Sourced, unknown>): Promise<Sourced | undefined> {
  const next = await reader.next()
  return next.done === true ? undefined : next.value
}
