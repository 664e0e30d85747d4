import fc from 'fast-check'
import type { HopId } from '../id/types.js'
import type { AttributeValue, CallRecord, EventRecord, HopRecord, InstanceRef, ServedBy } from './record.js'

/** Where generated ids lie: from `fromNanos`, less than `spanNanos` further. */
export interface RecordSpace {
  readonly fromNanos: bigint
  readonly spanNanos: bigint
  readonly instance: InstanceRef
  readonly service: string
}

export const someInstance: InstanceRef = {
  address: '10.0.0.7:4001',
  worker: 3,
  startNanos: 1_795_000_000_000_000_001n,
}

export const someSpace: RecordSpace = {
  fromNanos: 1_795_000_010_000_000_000n,
  spanNanos: 10_000_000_000n,
  instance: someInstance,
  service: 'orders',
}

/** Plain objects only: what is read back is compared strictly. */
function object<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true })
}

const word = fc.nat({ max: 0xffff_ffff }).map((value) => value.toString(16).padStart(8, '0'))
const tail = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      '0030' + '0a000007' + '0fa1',
      '8210' + '0a000007' + '0fa1',
      '8211' + '00000000' + '0050',
    ),
  },
  { weight: 1, arbitrary: fc.tuple(word, word).map((words) => words.join('')) },
)
const hex16 = fc.tuple(word, word).map((words) => words.join(''))
const hex32 = fc.tuple(hex16, hex16).map((words) => words.join(''))
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('a', 'b', 'é', '\u{1f600}', '\ud800', '\0'),
    fc.string({ minLength: 1, maxLength: 1 }),
  ),
})
const name = fc.oneof(
  fc.constantFrom('orderId', 'userId', 'items', '__proto__', 'constructor', '7', '\\', '\n'),
  text,
)
const micros = fc.oneof(fc.nat({ max: 20_000 }), fc.nat({ max: 2 ** 31 - 1 }), fc.maxSafeNat())
const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null })

/** Mostly what is usual. */
function rarely<T>(value: fc.Arbitrary<T>, usual: T): fc.Arbitrary<T> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: value })
}

/** A HopId with a time in a space. */
export function hopIdArbitrary({ fromNanos, spanNanos }: RecordSpace): fc.Arbitrary<HopId> {
  return fc
    .tuple(fc.bigInt({ min: 0n, max: spanNanos - 1n }), tail)
    .map(([step, rest]) => ((fromNanos + step).toString(16).padStart(16, '0') + rest) as HopId)
}

const attributeValue: fc.Arbitrary<AttributeValue> = fc.oneof(
  text,
  fc.stringMatching(/^[0-9a-f]{8}$/),
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
)

/** A map as records have it: own properties, any name. */
function map<T>(value: fc.Arbitrary<T>, maxKeys: number): fc.Arbitrary<Record<string, T>> {
  return fc.array(fc.tuple(name, value), { maxLength: maxKeys }).map((entries) => Object.fromEntries(entries))
}

const eventArbitrary: fc.Arbitrary<EventRecord> = object({
  name,
  offsetMicros: micros,
  attributes: map(attributeValue, 3),
})

function callArbitrary(space: RecordSpace): fc.Arbitrary<CallRecord> {
  const ids = fc.oneof(
    { weight: 3, arbitrary: hopIdArbitrary(space) },
    { weight: 1, arbitrary: hex32 as fc.Arbitrary<HopId> },
  )
  return object({
    hopId: ids,
    target: fc.oneof(fc.constantFrom('127.0.0.1:4002', 'payments:80'), text),
    service: orNull(fc.constantFrom('payments', 'inventory')),
    method: orNull(fc.constantFrom('GET', 'POST')),
    outcome: orNull(fc.constantFrom('200', '502', 'ECONNRESET')),
    offsetMicros: micros,
    durationMicros: orNull(micros),
    via: rarely(fc.constantFrom('127.0.0.1:3128', 'unix:/run/b.sock'), null),
    otherKey: rarely(fc.constant('0a1b2c3d'), null),
    served: orNull(
      object({
        same: fc.boolean(),
        hopId: ids,
        service: fc.constantFrom('payments', 'x'),
        address: text,
      }),
    ),
  }).map(({ served, ...call }) => ({
    ...call,
    servedBy: served && servedBy(served, call.hopId),
  }))
}

function servedBy(served: { same: boolean } & ServedBy, callId: HopId): ServedBy {
  return { hopId: served.same ? callId : served.hopId, service: served.service, address: served.address }
}

/** Any record of an instance that the types allow, plausible or not. Test code only. */
export function recordArbitrary(space: RecordSpace = someSpace): fc.Arbitrary<HopRecord> {
  const id = hopIdArbitrary(space)
  return object({
    hopId: id,
    trace: fc.oneof(fc.constant(null), id, hex32),
    service: fc.constant(space.service),
    instance: fc.constant(space.instance),
    state: fc.constantFrom('open', 'closed', 'interrupted'),
    startNanos: fc.oneof(
      fc.bigInt({ min: space.fromNanos - space.spanNanos, max: space.fromNanos + 2n * space.spanNanos }),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    ),
    durationMicros: orNull(micros),
    method: orNull(fc.oneof(fc.constantFrom('GET', 'POST'), text)),
    route: orNull(fc.oneof(fc.constantFrom('/orders', '/orders/:id'), text)),
    status: orNull(fc.integer({ min: 100, max: 599 })),
    error: orNull(object({ name: text, message: text, code: orNull(text) })),
    aborted: fc.boolean(),
    keys: map(text, 3),
    attributes: map(attributeValue, 5),
    events: fc.array(eventArbitrary, { maxLength: 4 }),
    next: fc.array(callArbitrary(space), { maxLength: 4 }),
    parentSpan: orNull(hex16),
    link: orNull(text),
    assignedId: orNull(fc.oneof(id, hex32 as fc.Arbitrary<HopId>)),
    flags: fc.nat({ max: 255 }),
    crash: orNull(text),
    shed: fc.oneof(fc.constant(0), fc.nat()),
    lost: rarely(fc.nat(), 0),
  }).map(({ trace, ...record }) => ({ ...record, traceId: trace ?? record.hopId }))
}
