import { expect, it } from 'vitest'
import { decodeSegment, findInSegment } from './decode.js'
import { goldenRecords, goldenSegment } from './golden.fixture.js'
import { recordFromJson } from '../record/json-record.js'

it('reads segments that were written before', () => {
  const segment = Buffer.from(goldenSegment, 'hex')
  const wanted = goldenRecords.map(recordFromJson)
  expect(decodeSegment(segment).records).toEqual(wanted)
  for (const record of wanted) expect(findInSegment(segment, record.hopId)).toEqual(record)
})
