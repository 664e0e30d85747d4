import type { FaultVerdict } from './weigh.js'
import type { AbsenceProof } from './evidence.js'
import type { Saw } from './saw.js'

/*
 * The verdict on one call, as two tables. The first table has a row for what the callee left and a column for what the
 * caller saw; the cell names the meaning of the two. The second table says what a cell comes to as a fault.
 * `docs/architecture.md` shows both tables.
 */

/** What the caller saw: `Saw`, and what the caller's record says about who answered, or about its own damage. */
export type Column =
  | Saw
  /** A status from 500 on that the callee signed. */
  | 'own-error'
  /** No outcome, in a record with lost entries: the outcome may be among them. */
  | 'silent-lost'

/** What the callee left: the state of its record, or why there is no record. */
export type Left =
  | 'closed'
  /** Its process ended with the hop open. */
  | 'interrupted'
  /** The same, and its process showed life after the call was over. */
  | 'interrupted-later'
  | 'open'
  /** Open, and its process may or may not still run; or its end may be among entries that its log lost. */
  | 'open?'
  /** `tracer.close()` left the hop open: its process may have finished it later. */
  | 'left-open'
  /** The same, and its process showed life after the call was over. */
  | 'left-open-later'
  | AbsenceProof
  | 'unsure'
  | 'dropped'
  | 'unreadable'
  | 'skipped'
  | 'unregistered'
  | 'other-key'
  | 'untimely'
  | 'untraced'

/** The columns, in the order of the words of a row. */
export const columns = [
  'answered',
  'error',
  'own-error',
  'proxy-error',
  'reset',
  'timeout',
  'unreachable',
  'silent',
  'silent-lost',
  'other',
] as const satisfies readonly Column[]

/** The rows: one cell for each of `columns`. */
const rows: Readonly<Record<Left, string>> = {
  closed: 'go-on look-deeper look-deeper look-deeper reply-lost too-slow reply-lost go-on go-on reply-lost',
  interrupted: 'had-answered died failed-there died died died died died unclear died',
  'interrupted-later': 'had-answered died failed-there hanging hanging hanging hanging died unclear hanging',
  open: 'go-on gave-up gave-up hanging hanging hanging hanging running unclear hanging',
  'open?':
    'record-pending failed-pending failed-pending unclear died-unconfirmed unclear died-unconfirmed unclear unclear unclear',
  'left-open':
    'had-answered failed-pending failed-pending unclear died-unconfirmed hanging died-unconfirmed unclear unclear unclear',
  'left-open-later':
    'had-answered failed-pending failed-pending hanging hanging hanging hanging unclear unclear hanging',
  'not-taken':
    'record-lost failed-there failed-there failed-there never-read never-read unreachable died-or-undelivered unclear caller-error',
  'ended-during':
    'record-lost failed-there failed-there unclear died died-or-unread unreachable died-or-undelivered unclear unclear',
  ended:
    'record-lost failed-there failed-there unclear died died-or-undelivered unreachable died-or-undelivered unclear unclear',
  gone: 'record-lost failed-there failed-there unclear died-unconfirmed unclear unreachable died-or-undelivered unclear unclear',
  unsure:
    'record-pending failed-pending failed-pending failed-pending died-unconfirmed unclear unreachable unclear unclear unclear',
  dropped: 'unclear unclear unclear unclear unclear unclear unreachable unclear unclear unclear',
  unreadable: 'unclear unclear unclear unclear unclear unclear unreachable unclear unclear unclear',
  skipped: 'unclear unclear unclear unclear unclear unclear unreachable unclear unclear unclear',
  unregistered:
    'record-pending failed-pending failed-pending failed-pending unclear unclear unreachable unclear unclear unclear',
  'other-key':
    'unclear failed-pending failed-pending failed-pending unclear unclear unreachable unclear unclear unclear',
  untimely: 'unclear unclear unclear unclear unclear unclear unreachable unclear unclear unclear',
  untraced: 'untraced untraced untraced unclear unclear unclear unreachable untraced unclear unclear',
  waiting:
    'untraced failed-there failed-there failed-there unclear unclear unreachable waiting unclear failed-there',
}

/** What a cell comes to as a fault. */
interface Outcome {
  /**
   * Where the callee's record is searched for the cause. `own`: why it ended as it did. `answered`: why it answered 5xx
   * although it is still open. `hung`: where the chain hangs. `null`: nowhere, the callee is at no fault.
   */
  readonly look: 'own' | 'answered' | 'hung' | null
  /** The fault at the callee if its record names no cause, or there is no record; null if that is no fault. */
  readonly fault: FaultVerdict | null
}

/** The second table: what a cell comes to. */
export const outcomes = {
  /** The callee answered, or its record is complete: the walk continues with its record. */
  'go-on': { look: 'own', fault: null },
  /** The callee answered before its process, or its tracer, ended. */
  'had-answered': { look: null, fault: null },
  /** The callee answered, and there is and will be no record. */
  'record-lost': { look: null, fault: null },
  /** A leaf without hoptrace: how the caller treated it decides. */
  untraced: { look: null, fault: null },
  /** A message that no consumer has taken: one still may. */
  waiting: { look: null, fault: null },
  /** The request failed before it left the caller. */
  'caller-error': { look: null, fault: null },
  /** The callee has the request. */
  running: { look: 'own', fault: null },
  /** The callee failed, and its record says why. */
  'look-deeper': { look: 'own', fault: null },
  /** The callee answered 5xx, and is still open. */
  'gave-up': { look: 'answered', fault: null },
  /** The callee finished, but its answer did not arrive. */
  'reply-lost': { look: 'own', fault: null },
  /** The callee finished after the caller had given up. */
  'too-slow': { look: 'own', fault: null },
  /** The callee failed, and there is nothing deeper to look at. */
  'failed-there': { look: 'own', fault: 'failed' },
  /** The caller gave up while the callee was open: the last open hop of the chain hangs. */
  hanging: { look: 'hung', fault: 'failed' },
  /** The callee's process ended with the request. */
  died: { look: 'own', fault: 'died' },
  /** The callee's process ended with the request, in hand or not yet read. */
  'died-or-unread': { look: 'own', fault: 'died' },
  /** The connection was open, but no process read the request. */
  'never-read': { look: 'own', fault: 'unreachable' },
  /** The request did not arrive. */
  unreachable: { look: 'own', fault: 'unreachable' },
  /** The callee answered; waiting, or a successful read, may show its record. */
  'record-pending': { look: 'own', fault: 'undetermined' },
  /** The callee failed; waiting, or a successful read, may show where. */
  'failed-pending': { look: 'own', fault: 'undetermined' },
  /** The callee's process probably ended with the request; waiting, or a successful read, may prove it. */
  'died-unconfirmed': { look: 'own', fault: 'undetermined' },
  /** The callee's process ended, before or after the request arrived: nothing will prove which. */
  'died-or-undelivered': { look: 'own', fault: 'undetermined' },
  /** Waiting, or a successful read, may decide it. */
  unclear: { look: 'own', fault: 'undetermined' },
} as const satisfies Readonly<Record<string, Outcome>>

/** The meaning of one call: a cell of the first table, and a row of the second. */
export type Cell = keyof typeof outcomes

const table = new Map(
  Object.entries(rows).map(([left, line]) => {
    const cells = line.split(' ') as Cell[]
    return [
      left as Left,
      new Map<Column, Cell>(columns.map((column, index) => [column, cells[index] as Cell])),
    ]
  }),
)

/** The rows of the first table, in order. */
export const lefts: readonly Left[] = [...table.keys()]

/** One cell of the first table. */
export function cellOf(column: Column, left: Left): Cell {
  return table.get(left)?.get(column) as Cell
}

/** What a cell comes to, by the second table. */
export function outcomeOf(cell: Cell): Outcome {
  return outcomes[cell]
}
