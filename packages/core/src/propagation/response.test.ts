import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fold64, sealId, unsealId } from '../id/index.js'
import type { HopId } from '../id/index.js'
import { clusterKeys, newClusterKey } from '../key/index.js'
import { readAnswer, responseHeaders } from './response.js'
import { parseTraceparent } from './traceparent.js'

const hopId = '18ea626ac4c834a600000a0000010fa0' as HopId
const asked = '18ea626ac4c834a680000a0000010fa0' as HopId
const who = {
  hopId,
  traceId: hopId as string,
  service: 'orders',
  address: '10.0.0.1:4000',
  flags: 1,
  isDialled: false,
}
const keys = clusterKeys(newClusterKey(), true)
const others = clusterKeys(newClusterKey(), true)
const outsider = {
  asked: undefined,
  assignedId: undefined,
  introduction: undefined,
  unknownKey: false,
  continued: false,
}
const member = { ...outsider, asked, continued: true }
const servedBy = { hopId, service: 'orders', address: '10.0.0.1:4000' }
const nothing = { servedBy: null, otherKey: null, proven: false }

describe('the response', () => {
  it('tells a caller of the cluster who answered, bound to its call', () => {
    const headers = responseHeaders(member, who, keys)
    const tag = keys.answerTag(asked, hopId, 'orders', '10.0.0.1:4000')
    expect(headers).toEqual({ hoptrace: `${hopId};orders;10.0.0.1:4000;${tag}` })
    expect(readAnswer(headers, asked, keys)).toEqual({ servedBy, otherKey: null, proven: false })
    expect(readAnswer(headers, hopId, keys)).toEqual(nothing)
    expect(readAnswer(headers, asked, others)).toEqual(nothing)
  })

  it('proves the key to a caller that introduced itself, and shows no id', () => {
    const introduction = sealId(keys.seal, asked)
    const headers = responseHeaders({ ...outsider, introduction, continued: true }, who, keys)
    expect(headers['hoptrace']).not.toContain(hopId.slice(0, 8))
    expect(readAnswer(headers, introduction, keys)).toEqual({
      servedBy: { hopId, service: 'unknown', address: '10.0.0.1:4000' },
      otherKey: null,
      proven: false,
    })
    expect(readAnswer(headers, asked, keys)).toEqual(nothing)
    expect(readAnswer(headers, introduction, others)).toEqual(nothing)
  })

  it('proves that it is who was dialled only when it is: a stranger may pass an introduction on', () => {
    const introduction = sealId(keys.seal, asked)
    const context = { ...outsider, introduction, assignedId: asked, continued: true }
    const proof = responseHeaders(context, { ...who, isDialled: true }, keys)
    expect(readAnswer(proof, introduction, keys)).toMatchObject({ proven: true, servedBy: { hopId } })
    const passedOn = responseHeaders(context, who, keys)
    expect(readAnswer(passedOn, introduction, keys)).toMatchObject({ proven: false, servedBy: { hopId } })
    // Dialled at another address, it proves nothing of that one.
    const elsewhere = '18ea626ac4c834a680000a0000020fa0' as HopId
    const other = { ...context, introduction: sealId(keys.seal, elsewhere) }
    const forged = responseHeaders(other, { ...who, isDialled: true }, keys)
    expect(readAnswer(forged, other.introduction, keys)).toEqual(nothing)
  })

  it('tells all others a sealed trace, which the cluster turns back', () => {
    const { traceresponse = '', ...rest } = responseHeaders(outsider, who, keys)
    expect(rest).toEqual({})
    const parsed = parseTraceparent(traceresponse)
    expect(parsed?.parentId).toBe(fold64(sealId(keys.seal, hopId)))
    expect(unsealId(keys.seal, parsed?.traceId ?? '')).toBe(hopId)
    expect(traceresponse).not.toContain(hopId.slice(0, 8))
  })

  it('gives a trace-id that the caller sent back as it came', () => {
    const foreign = { ...who, traceId: '4bf92f3577b34da6a3ce929d0e0e4736' }
    const headers = responseHeaders({ ...outsider, continued: true }, foreign, keys)
    expect(parseTraceparent(headers['traceresponse'] ?? '')?.traceId).toBe(foreign.traceId)
  })

  it('sends the fingerprint of its key to a caller with another key', () => {
    const headers = responseHeaders({ ...outsider, continued: true, unknownKey: true }, who, keys)
    expect(headers['hoptrace']).toBe(`key=${keys.fingerprint}`)
    expect(headers['traceresponse']).toMatch(/^00-/)
    expect(readAnswer(headers, asked, others)).toEqual({ ...nothing, otherKey: keys.fingerprint })
    expect(readAnswer(headers, asked, keys)).toEqual(nothing)
  })
})

describe('who answered', () => {
  const good = responseHeaders(member, who, keys)['hoptrace'] as string

  it('is the one whose answer is bound to the call, where a gateway left several', () => {
    const other = responseHeaders({ ...member, asked: hopId }, who, keys)['hoptrace'] as string
    for (const hoptrace of [`${other}, ${good}`, [good, other], [other, good]]) {
      expect(readAnswer({ hoptrace }, asked, keys).servedBy).toEqual(servedBy)
    }
  })

  it.each([
    '',
    hopId,
    `${hopId};orders`,
    `${hopId};orders;10.0.0.1`,
    good.slice(0, -17),
    good.slice(0, -1),
    `${good}0`,
    good.replace('orders', 'Orders'),
    good.replace('orders', 'payments'),
    good.replace(':4000', ':0'),
    good.replace(':4000', ':4001'),
    good.replace('10.0.0.1', 'orders.internal'),
    good.toUpperCase(),
    'key=0000000',
    'x'.repeat(100_000),
  ])('is unknown when the header says it badly: %s', (hoptrace) => {
    expect(readAnswer({ hoptrace }, asked, keys)).toEqual(nothing)
  })

  it('is read from a fetch Headers object too', () => {
    expect(readAnswer(new Headers({ hoptrace: good }), asked, keys).servedBy?.service).toBe('orders')
  })

  it('never fails, whatever the header holds', () => {
    fc.assert(fc.property(fc.anything(), (hoptrace) => void readAnswer({ hoptrace }, asked, keys)))
    expect(readAnswer({ hoptrace: undefined }, asked, keys)).toEqual(nothing)
    expect(readAnswer({}, asked, keys)).toEqual(nothing)
  })
})
