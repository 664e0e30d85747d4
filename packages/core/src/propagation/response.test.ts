import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { deriveSealKey, fold64, sealId, unsealId } from '../id/index.js'
import type { HopId } from '../id/index.js'
import { readServedBy, responseHeaders } from './response.js'
import { parseTraceparent } from './traceparent.js'

const hopId = '18ea626ac4c834a600000a0000010fa0' as HopId
const who = { hopId, traceId: hopId as string, service: 'orders', address: '10.0.0.1:4000', flags: 1 }
const sealKey = deriveSealKey('a cluster key of some length')
const outsider = { sentHoptrace: false, continued: false }

describe('the response', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it('tells a hoptrace caller who answered', () => {
    const headers = responseHeaders({ sentHoptrace: true, continued: true }, who, { sealKey })
    expect(headers).toEqual({ hoptrace: `${hopId};orders;10.0.0.1:4000` })
    expect(readServedBy(headers)).toEqual({ hopId, service: 'orders', address: '10.0.0.1:4000' })
  })

  it('tells others a sealed trace, which the cluster turns back', () => {
    const { traceresponse = '', ...rest } = responseHeaders(outsider, who, { sealKey, production: true })
    expect(rest).toEqual({})
    const parsed = parseTraceparent(traceresponse)
    expect(parsed?.parentId).toBe(fold64(sealId(sealKey, hopId)))
    expect(unsealId(sealKey, parsed?.traceId ?? '')).toBe(hopId)
    expect(traceresponse).not.toContain(hopId.slice(0, 8))
  })

  it('gives a trace-id that the caller sent back as it came', () => {
    const foreign = { ...who, traceId: '4bf92f3577b34da6a3ce929d0e0e4736' }
    const headers = responseHeaders({ sentHoptrace: false, continued: true }, foreign, { sealKey })
    expect(parseTraceparent(headers['traceresponse'] ?? '')?.traceId).toBe(foreign.traceId)
  })

  it('tells a raw trace without a key, but nothing in production', () => {
    expect(responseHeaders(outsider, who, { production: false })).toEqual({
      traceresponse: `00-${hopId}-${fold64(hopId)}-01`,
    })
    expect(responseHeaders(outsider, who, { production: true })).toEqual({})
    vi.stubEnv('NODE_ENV', 'production')
    expect(responseHeaders(outsider, who)).toEqual({})
  })
})

describe('who answered', () => {
  it.each([
    '',
    hopId,
    `${hopId};orders`,
    `${hopId};orders;10.0.0.1`,
    `${hopId};orders;10.0.0.1:0`,
    `${hopId};orders;10.0.0.1:80;more`,
    `${hopId};Orders;10.0.0.1:80`,
    `${hopId};;10.0.0.1:80`,
    `${hopId};orders;orders.internal:80`,
    `${hopId.toUpperCase()};orders;10.0.0.1:80`,
    `${hopId};${'x'.repeat(65)};10.0.0.1:80`,
    `${hopId};orders;10.0.0.1:80, ${hopId};orders;10.0.0.2:80`,
    'x'.repeat(100_000),
  ])('is unknown when the header is malformed: %s', (hoptrace) => {
    expect(readServedBy({ hoptrace })).toBeUndefined()
  })

  it('is read from a fetch Headers object too', () => {
    const headers = new Headers({ hoptrace: `${hopId};orders;10.0.0.1:4000` })
    expect(readServedBy(headers)?.service).toBe('orders')
  })

  it('never fails, whatever the header holds', () => {
    fc.assert(fc.property(fc.anything(), (hoptrace) => void readServedBy({ hoptrace })))
    expect(readServedBy({ hoptrace: undefined })).toBeUndefined()
    expect(readServedBy({})).toBeUndefined()
  })
})
