import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordFromJson, recordToJson } from './json-record.js'
import { readRecord, toJson } from './record-json.js'
import { recordArbitrary } from './record.arbitrary.js'
import type { AttributeValue, HopRecord } from './record.js'

/** `JSON.parse` of some versions of Node gives a property the name of an earlier one where names begin with an escape. */
const name = fc.constantFrom('\\', '\n', '\\n', '"', '\u0000', '\u2028', '__proto__', 'constructor', 'é', '0')
const named = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc
    .uniqueArray(fc.tuple(name, value), { selector: ([own]) => own })
    .map((pairs) => Object.fromEntries(pairs))
const attributes = named(fc.oneof(fc.string(), fc.boolean(), fc.nat()) as fc.Arbitrary<AttributeValue>)

const oddlyNamed: fc.Arbitrary<HopRecord> = fc
  .tuple(recordArbitrary(), named(fc.string({ maxLength: 20 })), attributes, attributes)
  .map(([record, keys, own, ofEvent]) => ({
    ...record,
    keys,
    attributes: own,
    events: [{ name: Object.keys(ofEvent)[0] ?? '\\', offsetMicros: 1, attributes: ofEvent }],
  }))

const namesOf = ({ keys, attributes: own, events }: HopRecord): unknown => [
  Object.entries(keys),
  Object.entries(own),
  events.map((event) => [event.name, Object.entries(event.attributes)]),
]

describe('17.11: names of keys, attributes and events', () => {
  it.each([135_593_561, 1, 2])('come back as they were from a store and a journal (seed %i)', (seed) => {
    fc.assert(
      fc.property(oddlyNamed, (record) => {
        const read = recordFromJson(recordToJson(record))
        expect(namesOf(read)).toEqual(namesOf(record))
      }),
      { seed, numRuns: 100 },
    )
  })

  it.each([135_593_561, 1, 2])('come back as they were from the wire (seed %i)', (seed) => {
    fc.assert(
      fc.property(oddlyNamed, (record) => {
        const read = readRecord(JSON.parse(toJson(record)))
        fc.pre(read !== undefined)
        expect(namesOf(read)).toEqual(namesOf(record))
      }),
      { seed, numRuns: 100 },
    )
  })
})
