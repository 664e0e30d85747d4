import type { ReadCounts } from './counts.js'
import type { HopRecord } from '../record/record.js'
import { decodeSegment } from '../segment/decode.js'
import { foldVersions } from '../record/fold.js'
import { isSameRun } from '../segment/record-parts.js'

/** A segment that was read and not yet decoded. */
export interface StoredSegment {
  readonly minId: string
  readonly value: Uint8Array
}

/** Gives segments by ascending min id. */
export interface SegmentSource {
  next(): Promise<StoredSegment | undefined>
  close(): Promise<void>
}

/** What the merge leaves out, counts, and is ended by. */
export interface MergeBounds {
  /** Inclusive. */
  readonly fromId: string
  /** Exclusive. */
  readonly toId: string
  readonly counts: ReadCounts
  readonly signal?: AbortSignal
  /** Called before each segment is decoded: what it returns is awaited. */
  readonly step?: () => unknown
}

/** The records of one decoded segment that are still to come. */
interface Run {
  readonly records: readonly HopRecord[]
  at: number
  id: string
}

/**
 * The records of several sources in id order, those with one id at a time, versions of one instance's hop folded.
 * A segment is decoded when the merge reaches its min id, so that few are unpacked at once.
 */
export async function* mergeSegments(
  sources: readonly SegmentSource[],
  bounds: MergeBounds,
): AsyncGenerator<HopRecord[], void, undefined> {
  try {
    const heads = await Promise.all(sources.map((source) => source.next()))
    let runs: Run[] = []
    for (;;) {
      bounds.signal?.throwIfAborted()
      let lowest = lowestId(runs)
      for (let i = 0; i < heads.length; i++) {
        for (
          let head = heads[i];
          head !== undefined && (lowest === undefined || head.minId <= lowest);
          head = heads[i]
        ) {
          await bounds.step?.()
          const run = open(head, bounds)
          if (run !== undefined) runs.push(run)
          heads[i] = await (sources[i] as SegmentSource).next()
          lowest = lowestId(runs)
        }
      }
      if (lowest === undefined) {
        if (heads.every((head) => head === undefined)) return
        continue
      }
      yield takeAll(runs, lowest)
      runs = runs.filter((run) => run.at < run.records.length)
    }
  } finally {
    await Promise.all(sources.map((source) => source.close()))
  }
}

function open(segment: StoredSegment, { fromId, toId, counts }: MergeBounds): Run | undefined {
  counts.segments++
  const records = decodeSegment(segment.value).records.filter(({ hopId }) => hopId >= fromId && hopId < toId)
  const first = records[0]
  return first && { records, at: 0, id: first.hopId }
}

function lowestId(runs: readonly Run[]): string | undefined {
  let lowest: string | undefined
  for (const { id } of runs) if (lowest === undefined || id < lowest) lowest = id
  return lowest
}

function takeAll(runs: readonly Run[], id: string): HopRecord[] {
  const taken: HopRecord[] = []
  for (const run of runs) {
    while (run.id === id && run.at < run.records.length) {
      add(taken, run.records[run.at] as HopRecord)
      run.at++
      run.id = run.records[run.at]?.hopId ?? run.id
    }
  }
  return taken
}

/** Two runs may have the same id when a proxy tried again: those are two hops. */
function add(taken: HopRecord[], record: HopRecord): void {
  const same = taken.findIndex(({ instance }) => isSameRun(instance, record.instance))
  if (same < 0) taken.push(record)
  else taken[same] = foldVersions(taken[same] as HopRecord, record)
}
