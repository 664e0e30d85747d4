import type { RunInfo } from '../rundir/run-info.js'
import type { LoggedHop } from '../log/logged-hop.js'
import type { PackedHops } from '../log/packed-hops.js'
import type { HopId } from '../id/types.js'
import type { Row } from '../store/contract.js'
import { keyRows } from '../store/key-rows.js'
import { segmentRows } from '../store/segment-rows.js'
import type { CutRecord, WindowCut } from '../log/journal.js'
import type { CutByWindow } from './changed-hops.js'
import type { CutHops } from './cut-hops.js'
import { placeOf } from './cut-windows.js'

/** The rows of one cut. */
export interface Shipment {
  readonly number: number
  readonly rows: readonly Row[]
  readonly windows: CutByWindow
  /** The versions in `rows` of hops that are not packed. The only entry of a packed hop is its first version. */
  readonly versions: ReadonlyMap<LoggedHop, number>
  /** The slots in `windows` hold until the next sweep: {@link PackedHops.sweeps} when they were taken. */
  readonly sweeps: number
}

/** The layout of a cut in the journal; windows that it does not name have free `maxIds`. */
export interface Layout {
  readonly batch: bigint
  /** Whether hops at this place (see `placeOf`) go into the first lane. */
  readonly isFirst: (place: number) => boolean
  readonly first: ReadonlyMap<number, readonly string[]>
  readonly late: ReadonlyMap<number, readonly string[]>
}

/** The layout of a new cut. */
export function freeLayout(batch: bigint, isFirst: (place: number) => boolean): Layout {
  return { batch, isFirst, first: new Map(), late: new Map() }
}

/** The layout of an earlier cut. */
export function layoutOf(cut: CutRecord): Layout {
  const first = new Map(cut.first)
  const isFirst = (place: number): boolean => place >= cut.cutBelow && first.has(Math.floor(place))
  return { batch: BigInt(cut.batch), isFirst, first, late: new Map(cut.late) }
}

/** The rows of a cut, with key rows that the store does not have yet, and the ends of its segments. */
export function buildShipment(
  number: number,
  run: RunInfo,
  { sweeps }: PackedHops,
  windows: CutByWindow,
  layout: Layout,
): { shipment: Shipment; first: WindowCut[]; late: WindowCut[] } {
  const rows: Row[] = []
  const first: WindowCut[] = []
  const late: WindowCut[] = []
  const add = (window: number, lane: 'first' | 'late', members: CutHops, cut?: readonly string[]): void => {
    if (members.length === 0) return
    const windowNanos = BigInt(run.windowMillis) * 1_000_000n
    const made = segmentRows({
      meta: { service: run.service, instance: run },
      buckets: run.buckets,
      windowNanos,
      windowStartNanos: BigInt(window) * windowNanos,
      lane,
      ...(lane === 'late' ? { batch: layout.batch } : {}),
      records: members,
      ...(cut === undefined ? {} : { cut: cut as readonly HopId[] }),
    })
    for (const row of made.rows) rows.push(row)
    ;(lane === 'first' ? first : late).push([window, made.cut])
  }
  for (const [window, members] of windows) {
    const closed = members.firstAt((millis) => layout.isFirst(placeOf(millis, run.windowMillis)))
    for (const lane of ['late', 'first'] as const) {
      const cut = layout[lane].get(window)
      const [within, beyond] = split(lane === 'late' ? members.part(0, closed) : members.part(closed), cut)
      add(window, lane, within, cut)
      add(window, 'late', beyond)
    }
  }
  const versions = versionsOf(windows)
  const keyed = [...versions.keys()].filter(({ keysPending }) => keysPending).map(({ record }) => record)
  for (const row of keyRows(keyed)) rows.push(row)
  return { shipment: { number, rows, windows, versions, sweeps }, first, late }
}

/** The present versions of the hops that are not packed. */
export function versionsOf(windows: CutByWindow): Map<LoggedHop, number> {
  const versions = new Map<LoggedHop, number>()
  for (const members of windows.values())
    for (const hop of members) if (typeof hop !== 'number') versions.set(hop, hop.version)
  return versions
}

/**
 * A replay of a cut never widens its last segment: a hop that the cut did not have goes into the late lane.
 */
function split(members: CutHops, cut: readonly string[] | undefined): [CutHops, CutHops] {
  const last = cut?.at(-1)
  const end = last === undefined ? members.length : members.firstAfter(last)
  return [members.part(0, end), members.part(end)]
}

const putRows = 1000
const putBytes = 1 << 20

/** Rows in batches of one put each. */
export function* batches(rows: readonly Row[]): Generator<Row[]> {
  let batch: Row[] = []
  let bytes = 0
  for (const row of rows) {
    batch.push(row)
    bytes += row.key.length + row.value.length
    if (batch.length < putRows && bytes < putBytes) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}
