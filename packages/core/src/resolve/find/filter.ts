import type { HopRecord } from '../../record/record.js'
import { parsedKey } from './key-text.js'

/** Which hops of a range are wanted. All that is given must hold. */
export interface HopFilter {
  /** `error` (5xx, an error, or interrupted), `ok`, `open`, a class as `5xx`, or a status as `404`. */
  readonly status?: string | undefined
  /** The route template, exactly. */
  readonly route?: string | undefined
  readonly minDurationMicros?: number | undefined
  /** `name=value` */
  readonly key?: string | undefined
}

/** A test for hops. Throws `TypeError` when the filter makes no sense. */
export function hopFilter({
  status,
  route,
  minDurationMicros,
  key,
}: HopFilter): (record: HopRecord) => boolean {
  const tests: ((record: HopRecord) => boolean)[] = []
  if (status !== undefined) tests.push(statusTest(status))
  if (route !== undefined) tests.push((record) => record.route === route)
  if (minDurationMicros !== undefined) {
    if (!(minDurationMicros >= 0)) throw new TypeError('minDurationMicros must not be negative')
    tests.push((record) => (record.durationMicros ?? 0) >= minDurationMicros)
  }
  if (key !== undefined) {
    const wanted = parsedKey(key)
    if (wanted === undefined) throw new TypeError(`a key is name=value (got ${JSON.stringify(key)})`)
    const { name, value } = wanted
    tests.push(({ keys }) => Object.hasOwn(keys, name) && keys[name] === value)
  }
  return (record) => tests.every((test) => test(record))
}

function statusTest(status: string): (record: HopRecord) => boolean {
  const isError = (record: HopRecord): boolean =>
    record.state === 'interrupted' || record.error !== null || (record.status ?? 0) >= 500
  if (status === 'error') return isError
  if (status === 'ok') return (record) => record.state === 'closed' && !isError(record)
  if (status === 'open') return (record) => record.state === 'open'
  if (/^[1-5]xx$/i.test(status))
    return (record) => Math.floor((record.status ?? 0) / 100) === Number(status[0])
  if (/^[1-9]\d\d$/.test(status)) return (record) => record.status === Number(status)
  throw new TypeError(
    `status must be error, ok, open, a class such as 5xx, or a status (got ${JSON.stringify(status)})`,
  )
}
