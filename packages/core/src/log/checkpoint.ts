import { decodeRunInfo } from '../rundir/run-dir.js'
import type { HopTable } from './hop-table.js'
import type { LogPosition } from './log-tail.js'
import { restoreHop, saveHop } from './hop-state.js'
import type { CheckpointRecord } from './journal.js'

export interface CheckpointState {
  /** The first file to keep. */
  readonly firstFile: number
  readonly known: LogPosition
  readonly cutBelow: number
  readonly cutEarly: readonly number[]
  readonly number: number
}

/** What readers need from the files before `firstFile`: the hops that those opened, and their header. */
export function takeCheckpoint(table: HopTable, state: CheckpointState): CheckpointRecord {
  const hops = []
  for (const hop of table.hops()) if (hop.firstFile < state.firstFile) hops.push(saveHop(hop, table.damage))
  return {
    type: 'checkpoint',
    ...state,
    known: [state.known.file, state.known.offset],
    header: table.run === undefined ? null : [table.header.text, table.header.mac],
    markedNanos: String(table.markedNanos),
    crash: table.crash,
    dropped: table.dropped.map(({ fromNanos, toNanos, count }) => [
      String(fromNanos),
      String(toNanos),
      count,
    ]),
    damage: table.damage,
    hops,
  }
}

/** Restores a checkpoint into an empty table. Unreadable parts count as damage. */
export function readCheckpoint(table: HopTable, checkpoint: CheckpointRecord): void {
  if (checkpoint.header !== null) {
    const [text, mac] = checkpoint.header
    const run = decodeRunInfo(text)
    if (run !== undefined) table.setRun(run)
    table.header = { text, mac }
  }
  table.markedNanos = BigInt(checkpoint.markedNanos)
  table.crash = checkpoint.crash
  table.dropped = checkpoint.dropped.map(([from, to, count]) => ({
    fromNanos: BigInt(from),
    toNanos: BigInt(to),
    count,
  }))
  table.damage = checkpoint.damage
  for (const state of checkpoint.hops) {
    try {
      table.restore(restoreHop(state, table.damage))
    } catch {
      table.damaged()
    }
  }
}
