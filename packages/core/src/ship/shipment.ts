import type { RunInfo } from '../rundir/run-info.js'
import type { LoggedHop } from '../log/logged-hop.js'
import type { HopId } from '../id/types.js'
import type { Row } from '../store/contract.js'
import { keyRows } from '../store/key-rows.js'
import { segmentRows } from '../store/segment-rows.js'
import type { CutRecord, WindowCut } from '../log/journal.js'
import { placeOf } from './cut-windows.js'

/** The rows of one cut. */
export interface Shipment {
  readonly number: number
  readonly rows: readonly Row[]
  readonly hops: readonly LoggedHop[]
  /** The version of each hop in `rows`. */
  readonly versions: readonly number[]
}

/** The hops of each window. */
export type Windows = ReadonlyMap<number, LoggedHop[]>

/** Groups hops by the window of the time in their ids, each in id order; windows ascending. */
export function byWindow(hops: Iterable<LoggedHop>, windowMillis: number): Windows {
  const windows = new Map<number, LoggedHop[]>()
  for (const hop of hops) {
    const window = Math.floor(placeOf(hop.idMillis, windowMillis))
    const members = windows.get(window)
    if (members === undefined) windows.set(window, [hop])
    else members.push(hop)
  }
  for (const members of windows.values()) members.sort(byId)
  return new Map([...windows].sort(([a], [b]) => a - b))
}

function byId(a: LoggedHop, b: LoggedHop): number {
  return a.record.hopId < b.record.hopId ? -1 : 1
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
  windows: Windows,
  layout: Layout,
): { shipment: Shipment; first: WindowCut[]; late: WindowCut[] } {
  const rows: Row[] = []
  const hops: LoggedHop[] = []
  const first: WindowCut[] = []
  const late: WindowCut[] = []
  const add = (
    window: number,
    lane: 'first' | 'late',
    members: readonly LoggedHop[],
    cut?: readonly string[],
  ): void => {
    if (members.length === 0) return
    const windowNanos = BigInt(run.windowMillis) * 1_000_000n
    const made = segmentRows({
      meta: { service: run.service, instance: run },
      buckets: run.buckets,
      windowNanos,
      windowStartNanos: BigInt(window) * windowNanos,
      lane,
      ...(lane === 'late' ? { batch: layout.batch } : {}),
      records: members.map(({ record }) => record),
      ...(cut === undefined ? {} : { cut: cut as readonly HopId[] }),
    })
    for (const row of made.rows) rows.push(row)
    ;(lane === 'first' ? first : late).push([window, made.cut])
  }
  for (const [window, members] of windows) {
    for (const hop of members) hops.push(hop)
    const opens = members.findIndex(({ idMillis }) => layout.isFirst(placeOf(idMillis, run.windowMillis)))
    const closed = opens === -1 ? members.length : opens
    for (const lane of ['late', 'first'] as const) {
      const cut = layout[lane].get(window)
      const [within, beyond] = split(lane === 'late' ? members.slice(0, closed) : members.slice(closed), cut)
      add(window, lane, within, cut)
      add(window, 'late', beyond)
    }
  }
  const keyed = hops.filter(({ keysPending }) => keysPending).map(({ record }) => record)
  for (const row of keyRows(keyed)) rows.push(row)
  return { shipment: { number, rows, hops, versions: hops.map(({ version }) => version) }, first, late }
}

/**
 * A replay of a cut never widens its last segment: a hop that the cut did not have goes into the late lane.
 */
function split(members: LoggedHop[], cut: readonly string[] | undefined): [LoggedHop[], LoggedHop[]] {
  const last = cut?.at(-1)
  if (last === undefined) return [members, []]
  const at = members.findIndex(({ record }) => record.hopId > last)
  return at === -1 ? [members, []] : [members.slice(0, at), members.slice(at)]
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
