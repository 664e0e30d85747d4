import { parseUrl } from '@hoptrace/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { originOf } from './origin.js'

const parts = (origin: URL | undefined): readonly string[] | undefined =>
  origin && [origin.protocol, origin.hostname, origin.port]

const parsed = (url: string): readonly string[] | undefined => parts(parseUrl(url))

describe('the origin of a URL', () => {
  it('is the one that the parser finds', () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (url) => {
        expect(parts(originOf(url))).toEqual(parsed(url))
      }),
    )
  })

  it('is that of a text of any pieces that a URL may be made of, too', () => {
    const piece = fc.oneof(
      fc.constantFrom('http:', 'https:', 'HTTP:', 'ftp:', '//', '/', '\\', '@', 'user:pw@', '?', '#', ':'),
      fc.constantFrom(':80', ':443', ':0080', ':65535', ':65536', ':8x', '[::1]', '[', ']', '%41', '%', ' '),
      fc.constantFrom('a.example', 'A.Example', 'xn--a', 'a..b', '-', '.', '1.2.3', '0x7f.1', '256.1.1.1'),
      fc.constantFrom('\t', '\n', '\r', '\0', 'é', '。', '\u00ad', 'localhost', 'path'),
    )
    const start = fc.constantFrom('', 'http://', 'https://', 'http://a.example', 'https://a.example:8443')
    fc.assert(
      fc.property(start, fc.array(piece, { maxLength: 6 }), (scheme, pieces) => {
        const url = scheme + pieces.join('')
        expect(parts(originOf(url))).toEqual(parsed(url))
        // The second time from memory.
        expect(parts(originOf(url))).toEqual(parsed(url))
      }),
      { numRuns: 5000 },
    )
  })

  it('is right for more origins than are remembered', () => {
    for (const round of ['/a', '/b'])
      for (let i = 0; i < 600; i++) {
        const url = `http://host-${i}.example:${i + 1}${round}`
        expect(parts(originOf(url))).toEqual(parsed(url))
      }
  })
})
