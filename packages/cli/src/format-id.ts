import type { HopIdFields } from '@hoptrace/core'
import { addressMeaning } from './format-address.js'
import { formatNanos } from '@hoptrace/ui/model'
import { plain, type Paint } from './paint.js'

/** The content of an id, as `hoptrace id` prints it. */
export function formatId(id: string, fields: HopIdFields, sealed: boolean, paint: Paint = plain): string[] {
  const meaning = fields.ip === '0.0.0.0' ? 'an unresolved host name' : addressMeaning(fields.ip)
  const unresolved = meaning === undefined ? '' : `  (${meaning})`
  return [
    `${paint.faint('id      ')}  ${paint.strong(id)}${sealed ? '  (was sealed)' : ''}`,
    `${paint.faint('time    ')}  ${formatNanos(fields.nanos)}`,
    `${paint.faint('instance')}  ${paint.name(`${fields.ip}:${fields.port}`)}${unresolved}`,
    `${paint.faint('issued  ')}  ${issuedBy(fields)}`,
    `${paint.faint('sequence')}  ${fields.counter} within its nanosecond`,
  ]
}

/** The same as JSON. */
export function idView(
  id: string,
  fields: HopIdFields,
  sealed: boolean,
): Record<string, string | number | boolean> {
  return {
    id,
    sealed,
    time: formatNanos(fields.nanos),
    instance: `${fields.ip}:${fields.port}`,
    assigned: fields.assigned,
    issuer: fields.issuer,
    counter: fields.counter,
  }
}

function issuedBy(fields: HopIdFields): string {
  return fields.assigned
    ? `by a caller, for the instance that it dialled (issuer tag ${fields.issuer})`
    : `by the instance for itself (worker ${fields.issuer})`
}
