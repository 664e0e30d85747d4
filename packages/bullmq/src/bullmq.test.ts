import { createTracer } from '@hoptrace/core'
import { openKitTracer } from '@hoptrace/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { traceBullmq } from './index.js'
import { contextOf, metadataOf } from './metadata.js'

const queue = (
  telemetry?: unknown,
): { name: string; opts: { telemetry?: unknown }; addBulk: () => void } => ({
  name: 'mails',
  opts: telemetry === undefined ? {} : { telemetry },
  addBulk: () => undefined,
})

describe('the metadata of a job', () => {
  it('has the headers of its sender', () => {
    const headers = { traceparent: '00-a', tracestate: 'hoptrace=b' }
    expect(contextOf(metadataOf(headers))).toEqual(headers)
  })

  it('is read without an error, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.json(), fc.string()), (metadata) => {
        expect(Object.keys(contextOf(metadata)).length).toBeLessThanOrEqual(2)
      }),
    )
    expect(contextOf(`{"traceparent":"${'0'.repeat(100_000)}"}`)).toEqual({})
  })
})

describe('traceBullmq', () => {
  it('returns what it is given, also the second time', async () => {
    await using kit = await openKitTracer()
    const given = queue()
    const { addBulk } = given
    expect(traceBullmq(given, kit.tracer)).toBe(given)
    const { addBulk: wrapped } = given
    expect(wrapped).not.toBe(addBulk)
    expect(traceBullmq(given, kit.tracer).addBulk).toBe(wrapped)
  })

  it('refuses a queue that another tracer has', async () => {
    await using kit = await openKitTracer()
    expect(() => traceBullmq(queue({ tracer: {} }), kit.tracer)).toThrow('takes one tracer')
    const other = createTracer({ service: 'other', dataDir: kit.dataDir })
    expect(() => traceBullmq(traceBullmq(queue(), other), kit.tracer)).toThrow(TypeError)
    await other.close()
  })
})
