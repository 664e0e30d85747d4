import { describe, expect, it } from 'vitest'
import { parseUrl } from './parse-url.js'

describe('parseUrl', () => {
  it('is undefined for what is no URL', () => {
    for (const text of ['', 'orders', 'http://', 'http://a:b']) expect(parseUrl(text)).toBeUndefined()
  })

  it('takes a host with letters that are not ASCII, however often it is asked', () => {
    for (let i = 0; i < 20_000; i++)
      expect(parseUrl('http://é.example/')?.hostname === 'xn--9ca.example').toBe(true)
  })
})
