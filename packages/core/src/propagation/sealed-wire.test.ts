import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fold64, hopIdNanos, IdGenerator, sealId } from '../id/index.js'
import { clusterKeys, newClusterKey } from '../key/index.js'
import { readContext } from './inbound.js'
import { writeContext } from './outbound.js'

const keys = clusterKeys(newClusterKey(), true)
const caller = new IdGenerator({ address: '10.0.0.1:4001' })
const callee = caller.assign({ ip: '10.0.0.2', port: 4002 })
const traceId = caller.next()
const rules = { trusted: true, nowNanos: hopIdNanos(callee), keys }
const context = { traceId, flags: 1, tracestate: 'foo=1', sealTrace: true }
const sealed = { keys, sealTraces: true }

describe('where the wire is sealed', () => {
  it('ids travel sealed between services, and arrive as they were', () => {
    const { headers, asked } = writeContext(context, callee, sealed, true)
    expect(asked).toBe(callee)
    expect(JSON.stringify(headers)).not.toContain(traceId)
    expect(JSON.stringify(headers)).not.toContain(callee)
    expect(headers['tracestate']).toBe(
      `hoptrace=${sealId(keys.seal, callee)}-${keys.contextTag(callee, traceId)};s,foo=1`,
    )
    expect(readContext(headers, rules)).toMatchObject({
      hopId: callee,
      traceId,
      sealedTrace: true,
      asked: callee,
    })
  })

  it('a foreign trace-id travels as it came', () => {
    const foreign = { ...context, traceId: '4bf92f3577b34da6a3ce929d0e0e4736', sealTrace: false }
    const { headers } = writeContext(foreign, callee, sealed, true)
    expect(readContext(headers, rules)).toMatchObject({
      hopId: callee,
      traceId: foreign.traceId,
      sealedTrace: false,
    })
  })

  it('the mark of a sealed trace is bound to the tag as well', () => {
    const { headers } = writeContext(context, callee, sealed, true)
    const unmarked = { ...headers, tracestate: headers['tracestate']?.replace(';s', '') }
    expect(readContext(unmarked, rules)).toMatchObject({
      hopId: undefined,
      asked: undefined,
      unknownKey: true,
    })
  })

  it('a member made without the key is not accepted', () => {
    const hex = (length: number) =>
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), fc.boolean(), (id, tag, marked, introduces) => {
        const traceparent = `00-${traceId}-${fold64(callee)}-01`
        const member = introduces ? `?${id}` : `${id}-${tag}`
        const headers = { traceparent, tracestate: `hoptrace=${member}${marked ? ';s' : ''}` }
        expect(readContext(headers, rules)).toMatchObject({
          hopId: undefined,
          asked: undefined,
          introduction: undefined,
          traceId,
        })
      }),
    )
  })
})
