import { nanosOfIso, type Attributes, type CallJson, type EventJson, type HopJson } from '@hoptrace/core'
import type { SchemaElement } from 'hyparquet'

/** What a column has for one hop. */
type Value = string | number | bigint | boolean | null | object

interface Column {
  /** The column itself, then the elements below it. */
  readonly schema: readonly SchemaElement[]
  readonly value: (hop: HopJson, startNanos: bigint) => Value
}

type Presence = 'REQUIRED' | 'OPTIONAL'

const text = (name: string, presence: Presence = 'REQUIRED'): SchemaElement[] => [
  {
    name,
    type: 'BYTE_ARRAY',
    converted_type: 'UTF8',
    logical_type: { type: 'STRING' },
    repetition_type: presence,
  },
]
const int32 = (name: string, presence: Presence = 'REQUIRED'): SchemaElement[] => [
  { name, type: 'INT32', repetition_type: presence },
]
const int64 = (name: string, presence: Presence = 'REQUIRED'): SchemaElement[] => [
  { name, type: 'INT64', repetition_type: presence },
]
const boolean = (name: string): SchemaElement[] => [{ name, type: 'BOOLEAN', repetition_type: 'REQUIRED' }]
const timestamp = (name: string): SchemaElement[] => [
  {
    name,
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
    repetition_type: 'REQUIRED',
  },
]
const struct = (
  name: string,
  presence: Presence,
  ...fields: readonly (readonly SchemaElement[])[]
): SchemaElement[] => [{ name, repetition_type: presence, num_children: fields.length }, ...fields.flat()]
const list = (name: string, ...fields: readonly (readonly SchemaElement[])[]): SchemaElement[] => [
  {
    name,
    repetition_type: 'REQUIRED',
    num_children: 1,
    converted_type: 'LIST',
    logical_type: { type: 'LIST' },
  },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ...struct('element', 'REQUIRED', ...fields),
]
const texts = (name: string): SchemaElement[] => [
  {
    name,
    repetition_type: 'REQUIRED',
    num_children: 1,
    converted_type: 'MAP',
    logical_type: { type: 'MAP' },
  },
  { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
  ...text('key'),
  ...text('value'),
]

/** The columns of a file: one row for each hop. `service` and `hour` are in the names of directories. */
const columns: readonly Column[] = [
  { schema: text('hop_id'), value: (hop) => hop.hopId },
  { schema: text('trace_id'), value: (hop) => hop.traceId },
  { schema: text('instance'), value: (hop) => hop.instance },
  { schema: text('method', 'OPTIONAL'), value: (hop) => hop.method },
  { schema: text('route', 'OPTIONAL'), value: (hop) => hop.route },
  { schema: int32('status', 'OPTIONAL'), value: (hop) => hop.status },
  { schema: text('state'), value: (hop) => hop.state },
  { schema: timestamp('start_time'), value: (_, startNanos) => startNanos / 1000n },
  { schema: int64('start_nanos'), value: (_, startNanos) => startNanos },
  { schema: int64('duration_micros', 'OPTIONAL'), value: (hop) => micros(hop.durationMicros) },
  {
    schema: struct('error', 'OPTIONAL', text('name'), text('message'), text('code', 'OPTIONAL')),
    value: (hop) => hop.error,
  },
  { schema: boolean('aborted'), value: (hop) => hop.aborted },
  { schema: texts('keys'), value: (hop) => pairs(hop.keys) },
  { schema: texts('attributes'), value: (hop) => pairs(hop.attributes) },
  {
    schema: list('events', text('name'), timestamp('time'), int64('offset_micros'), texts('attributes')),
    value: (hop, startNanos) => hop.events.map((event) => eventRow(event, startNanos)),
  },
  {
    schema: list(
      'calls',
      text('hop_id'),
      text('target'),
      text('service', 'OPTIONAL'),
      text('method', 'OPTIONAL'),
      text('outcome', 'OPTIONAL'),
      int64('offset_micros'),
      int64('duration_micros', 'OPTIONAL'),
    ),
    value: (hop) => hop.next.map(callRow),
  },
  { schema: text('crash', 'OPTIONAL'), value: (hop) => hop.crash },
  { schema: int64('shed'), value: (hop) => BigInt(hop.shed) },
  { schema: int64('lost'), value: (hop) => BigInt(hop.lost) },
]

export const schema: SchemaElement[] = [
  { name: 'hop', num_children: columns.length },
  ...columns.flatMap((column) => column.schema),
]

/** The values of some hops, column by column. */
export function columnData(hops: readonly HopJson[]): { name: string; data: Value[] }[] {
  const starts = hops.map(startOf)
  return columns.map(({ schema: [element], value }) => ({
    name: element?.name ?? '',
    data: hops.map((hop, row) => value(hop, starts[row] ?? 0n)),
  }))
}

/** About how much memory a hop takes until it is written, in bytes. */
export function weightOf({ keys, attributes, events, next }: HopJson): number {
  const named = (of: Attributes): number =>
    Object.entries(of).reduce((sum, [name, value]) => sum + 2 * (name.length + String(value).length) + 64, 0)
  return (
    2000 +
    next.length * 500 +
    named(keys) +
    named(attributes) +
    events.reduce((sum, event) => sum + 200 + named(event.attributes), 0)
  )
}

const startOf = ({ startTime }: HopJson): bigint => nanosOfIso(startTime) ?? 0n

const micros = (value: number | null): bigint | null => (value === null ? null : BigInt(value))

const pairs = (named: Attributes): Map<string, string> =>
  new Map(Object.entries(named).map(([name, value]) => [name, String(value)]))

const eventRow = ({ name, time, attributes }: EventJson, startNanos: bigint): object => {
  const nanos = nanosOfIso(time) ?? startNanos
  return {
    name,
    time: nanos / 1000n,
    offset_micros: (nanos - startNanos) / 1000n,
    attributes: pairs(attributes),
  }
}

const callRow = ({
  hopId,
  target,
  service,
  method,
  outcome,
  offsetMicros,
  durationMicros,
}: CallJson): object => ({
  hop_id: hopId,
  target,
  service,
  method,
  outcome,
  offset_micros: BigInt(offsetMicros),
  duration_micros: micros(durationMicros),
})
