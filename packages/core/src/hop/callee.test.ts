import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calleeOf } from './callee.js'

describe('whom a URL names', () => {
  it.each([
    ['http://orders.example', 'orders.example:80', '0.0.0.0', 80],
    ['https://orders.example/', 'orders.example:443', '0.0.0.0', 443],
    ['https://orders.example:80', 'orders.example:80', '0.0.0.0', 80],
    ['HTTP://LocalHost:4001/a?b#c', 'localhost:4001', '127.0.0.1', 4001],
    ['http://user:pw@10.0.0.7:4001', '10.0.0.7:4001', '10.0.0.7', 4001],
    ['10.0.0.7:4001', '10.0.0.7:4001', '10.0.0.7', 4001],
    ['http://[::1]:4001', '[::1]:4001', '127.0.0.1', 4001],
  ])('of %s is %s', (url, name, ip, port) => {
    // The second time from memory, where it is kept.
    for (let i = 0; i < 2; i++) expect(calleeOf(url)).toEqual({ name, ip, port })
  })

  it('is the same for a text and for its URL, the first time and later, for any number of them', () => {
    fc.assert(
      fc.property(fc.webUrl({ size: 'small' }), fc.constantFrom('', '/', ':8080', ':8080/'), (web, end) => {
        for (const url of [web, new URL(web).origin + end]) {
          const expected = calleeOf(new URL(url))
          for (let i = 0; i < 2; i++) expect(calleeOf(url)).toEqual(expected)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('throws for what is no URL', () => {
    for (const url of ['http://', 'http://a:b', 'http://[']) expect(() => calleeOf(url)).toThrow(TypeError)
  })
})
