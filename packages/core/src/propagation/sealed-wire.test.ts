import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deriveSealKey, fold64, hopIdNanos, IdGenerator, sealId } from '../id/index.js'
import { readContext } from './inbound.js'
import { writeContext } from './outbound.js'

const sealKey = deriveSealKey('a cluster key of some length')
const caller = new IdGenerator({ address: '10.0.0.1:4001' })
const callee = caller.assign({ ip: '10.0.0.2', port: 4002 })
const traceId = caller.next()
const rules = { trusted: true, nowNanos: hopIdNanos(callee), sealKey }
const context = { traceId, flags: 1, tracestate: 'foo=1', sealTrace: true }

describe('with a cluster key', () => {
  it('a callee takes the id that was sealed for it', () => {
    const headers = writeContext(context, callee, { sealKey })
    expect(headers['tracestate']).toBe(`hoptrace=${sealId(sealKey, callee)},foo=1`)
    expect(readContext(headers, rules)).toMatchObject({
      hopId: callee,
      traceId,
      sentHoptrace: true,
      sealedTrace: false,
    })
  })

  it('trace-ids travel sealed where the wire is, and arrive as they were', () => {
    const headers = writeContext(context, callee, { sealKey, sealTraces: true })
    expect(JSON.stringify(headers)).not.toContain(traceId)
    expect(JSON.stringify(headers)).not.toContain(callee)
    expect(readContext(headers, rules)).toMatchObject({ hopId: callee, traceId, sealedTrace: true })
  })

  it('a foreign trace-id travels as it came', () => {
    const foreign = { ...context, traceId: '4bf92f3577b34da6a3ce929d0e0e4736', sealTrace: false }
    const headers = writeContext(foreign, callee, { sealKey, sealTraces: true })
    expect(readContext(headers, rules)).toMatchObject({
      hopId: callee,
      traceId: foreign.traceId,
      sealedTrace: false,
    })
  })

  it('an unsealed member is not taken for one of ours: its sender learns nothing', () => {
    const forged = writeContext(context, callee)
    expect(readContext(forged, rules)).toMatchObject({
      hopId: undefined,
      assignedId: undefined,
      sentHoptrace: false,
    })
  })

  it('nobody without the key makes a member that is taken', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(digits, fc.boolean(), (member, marked) => {
        const traceparent = `00-${traceId}-${fold64(callee)}-01`
        const headers = { traceparent, tracestate: `hoptrace=${member}${marked ? ';s' : ''}` }
        expect(readContext(headers, rules)).toMatchObject({ hopId: undefined, sentHoptrace: false, traceId })
      }),
    )
  })
})
