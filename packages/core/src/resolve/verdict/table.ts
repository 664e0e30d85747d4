import type { AbsenceProof } from './evidence.js'
import type { Saw } from './saw.js'

/**
 * What the callee left: its record's state (`open?`: open, and its process may or may not still run), or why
 * there is no record.
 */
export type Left =
  | 'closed'
  | 'interrupted'
  | 'open'
  | 'open?'
  | AbsenceProof
  | 'unsure'
  | 'dropped'
  | 'unreadable'
  | 'skipped'
  | 'unregistered'
  | 'other-key'
  | 'untimely'
  | 'untraced'

/**
 * The meaning of one call, as a cell of the table.
 *
 * | cell | means | counts as |
 * | --- | --- | --- |
 * | `go-on` | it answered; the walk continues with the callee's record | nothing |
 * | `record-lost` | it answered; there is and will be no record | nothing |
 * | `untraced` | a leaf without hoptrace; the caller's outcome decides | nothing |
 * | `caller-error` | the request failed before it got out of the caller | the caller's own failure |
 * | `look-deeper` | it failed; the callee's record says why | the callee's failure |
 * | `failed-there` | it failed; there is no record to look deeper | failed |
 * | `reply-lost` | the callee finished, its answer did not arrive | the caller's own failure, unless the callee failed too |
 * | `too-slow` | the callee finished after the caller had given up | the caller's own failure, unless the callee failed too |
 * | `hanging` | the caller gave up, the callee is still open | failed, at the callee |
 * | `died` | the callee's process ended with it | died |
 * | `died-or-unread` | the callee's process ended with it, in hand or not yet read | died |
 * | `never-read` | the connection was open, but no process read the request | unreachable |
 * | `unreachable` | it did not get there | unreachable |
 * | `running` | in the callee's hands | nothing yet |
 * | `record-pending`, `failed-pending`, `died-unconfirmed`, `unclear` | waiting or a better read may tell | undetermined |
 * | `died-or-undelivered` | its process ended, before or after it was sent: no proof either way is possible | undetermined |
 */
export type Cell =
  | 'go-on'
  | 'record-lost'
  | 'untraced'
  | 'caller-error'
  | 'look-deeper'
  | 'failed-there'
  | 'reply-lost'
  | 'too-slow'
  | 'hanging'
  | 'died'
  | 'died-or-unread'
  | 'never-read'
  | 'unreachable'
  | 'running'
  | 'record-pending'
  | 'failed-pending'
  | 'died-unconfirmed'
  | 'died-or-undelivered'
  | 'unclear'

const lefts = [
  'closed',
  'interrupted',
  'open',
  'open?',
  'not-taken',
  'ended-during',
  'ended',
  'gone',
  'unsure',
  'dropped',
  'unreadable',
  'skipped',
  'unregistered',
  'other-key',
  'untimely',
  'untraced',
] as const satisfies readonly Left[]

/**
 * The table: one line for what the caller saw, one entry for what the callee left, in the order of `lefts`.
 */
const rows: Readonly<Record<Saw, string>> = {
  // closed | interrupted | open | open? | not-taken | ended-during | ended | gone | unsure | dropped |
  // unreadable | skipped | unregistered | other-key | untimely | untraced
  answered:
    'go-on go-on go-on record-pending record-lost record-lost record-lost record-lost record-pending unclear unclear unclear record-pending unclear unclear untraced',
  error:
    'look-deeper died look-deeper failed-pending failed-there failed-there failed-there failed-there failed-pending unclear unclear unclear failed-pending failed-pending unclear untraced',
  'proxy-error':
    'look-deeper died hanging unclear failed-there unclear unclear unclear failed-pending unclear unclear unclear failed-pending failed-pending unclear unclear',
  reset:
    'reply-lost died hanging died-unconfirmed never-read died died died-unconfirmed died-unconfirmed unclear unclear unclear unclear unclear unclear unclear',
  timeout:
    'too-slow died hanging unclear never-read died-or-unread died-or-undelivered unclear unclear unclear unclear unclear unclear unclear unclear unclear',
  unreachable:
    'reply-lost died hanging died-unconfirmed unreachable unreachable unreachable unreachable unreachable unreachable unreachable unreachable unreachable unreachable unreachable unreachable',
  silent:
    'go-on died running unclear died-or-undelivered died-or-undelivered died-or-undelivered died-or-undelivered unclear unclear unclear unclear unclear unclear unclear untraced',
  other:
    'reply-lost died hanging unclear caller-error unclear unclear unclear unclear unclear unclear unclear unclear unclear unclear unclear',
}

const table = new Map<string, Cell>(
  Object.entries(rows).flatMap(([saw, line]) =>
    line.split(' ').map((cell, index): [string, Cell] => [`${saw} ${lefts[index]}`, cell as Cell]),
  ),
)

/** The verdict's table, cell by cell. */
export function cellOf(saw: Saw, left: Left): Cell {
  return table.get(`${saw} ${left}`) as Cell
}
