import { timingSafeEqual } from 'node:crypto'
import { HoptraceError } from '../../base/errors.js'
import type { AskersKeys } from '../../key/index.js'
import type { InstanceRow } from '../../record/instance-row.js'
import { rowFromJson, rowLimits, rowToJson } from './check-row.js'

/** The version of the form of rows. */
const version = 1
const head = /^\{"v":(\d{1,9}),"key":"([0-9a-f]{8})","mac":"([0-9a-f]{32})","row":/
const newerHead = /^\{"v":(\d{1,9}),/

/** What a text in a registry turned out to be: a row, or the reason why none can be read from it. */
export type ReadRow = { readonly row: InstanceRow } | { readonly why: string }

/**
 * A row in the form of a registry: `{"v":1,"key":"<fingerprint>","mac":"<MAC of the row's JSON>","row":<the
 * row's JSON>}`.
 * @throws HoptraceError `HOPTRACE_BAD_KEY` without a key; TypeError for a row that no reader would accept.
 */
export function writeRow(row: InstanceRow, keys: AskersKeys): string {
  const key = keys()
  if (key === undefined) {
    throw new HoptraceError(
      'HOPTRACE_BAD_KEY',
      'a row cannot be signed: there is no cluster key here, set HOPTRACE_KEY',
    )
  }
  const json = rowToJson(row)
  if (rowFromJson(json) === undefined) throw new TypeError(`not an instance row: ${json.slice(0, 500)}`)
  return `{"v":${version},"key":"${key.fingerprint}","mac":"${key.mac('row', json)}","row":${json}}`
}

/** Reads what `writeRow` wrote, and believes nothing else. */
export function readRow(text: string, keys: AskersKeys): ReadRow {
  if (text === '') return { why: 'is empty' }
  if (text.length > rowLimits.bytes) return { why: `has more than ${rowLimits.bytes} bytes` }
  const [whole, found, fingerprint, mac = ''] = head.exec(text) ?? []
  const newer = Number(found ?? newerHead.exec(text)?.[1] ?? 0)
  if (newer > version) return { why: `is of a newer version (${newer})` }
  if (whole === undefined || Number(found) !== version || !text.endsWith('}')) return { why: 'is damaged' }
  const key = knownKeys(keys)
  if (typeof key === 'string') return { why: key }
  if (fingerprint !== key.fingerprint) return { why: `is registered under another key (${fingerprint})` }
  const json = text.slice(whole.length, -1)
  if (!timingSafeEqual(Buffer.from(key.mac('row', json)), Buffer.from(mac)))
    return { why: 'is damaged or forged' }
  const row = rowFromJson(json)
  return row === undefined ? { why: 'says what no row of this version says' } : { row }
}

/** What a text says that no key here verifies: good for nothing but to tell whether the file may go. */
export function unverifiedRow(text: string): InstanceRow | undefined {
  const whole = head.exec(text)?.[0]
  return whole === undefined ? undefined : rowFromJson(text.slice(whole.length, -1))
}

function knownKeys(keys: AskersKeys): NonNullable<ReturnType<AskersKeys>> | string {
  try {
    return keys() ?? 'cannot be verified: there is no cluster key here, set HOPTRACE_KEY'
  } catch (error) {
    return `cannot be verified: ${(error as Error).message}`
  }
}
