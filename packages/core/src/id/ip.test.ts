import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatAddress, ipv4OfHost, parseAddress, parseIpv4 } from './ip.js'

describe('the IPv4 address of a host in ids', () => {
  it.each([
    ['10.1.2.3', '10.1.2.3'],
    ['localhost', '127.0.0.1'],
    ['LOCALHOST', '127.0.0.1'],
    ['app.localhost.', '127.0.0.1'],
    ['::1', '127.0.0.1'],
    ['[::1]', '127.0.0.1'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['[::ffff:a01:203]', '10.1.2.3'],
    ['orders.internal', '0.0.0.0'],
    ['notlocalhost', '0.0.0.0'],
    ['', '0.0.0.0'],
    ['1.2.3', '0.0.0.0'],
    ['01.2.3.4', '0.0.0.0'],
    ['zz::1', '0.0.0.0'],
  ])('%s is %s', (host, ip) => {
    expect(ipv4OfHost(host)).toBe(ip)
  })

  it('is the same virtual one for every spelling of an IPv6 address', () => {
    const ip = ipv4OfHost('2001:db8::1')
    expect(ip).toBe('246.3.215.225')
    for (const host of ['[2001:db8::1]', '2001:0DB8:0:0:0:0:0:1', '2001:db8::1%eth0', '2001:db8::0.0.0.1']) {
      expect(ipv4OfHost(host)).toBe(ip)
    }
    expect(ipv4OfHost('2001:db8::2')).not.toBe(ip)
  })

  it('is in 242.0.0.0-254.255.255.255 for any IPv6 address that is neither loopback nor mapped', () => {
    fc.assert(
      fc.property(fc.ipV6(), (host) => {
        const ip = ipv4OfHost(host)
        expect(parseIpv4(ip)).toBeDefined()
        const first = Number(ip.split('.')[0])
        if (!/^[0:]*(1|ffff:.*)?$/i.test(host)) expect(first >= 242 && first <= 254).toBe(true)
      }),
    )
  })

  it('never fails on any text', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (host) => parseIpv4(ipv4OfHost(host)) !== undefined))
  })
})

describe('a dotted IPv4 address', () => {
  const byte = fc.integer({ min: 0, max: 255 })

  it('is its four bytes', () => {
    fc.assert(
      fc.property(byte, byte, byte, byte, (a, b, c, d) => {
        expect(parseIpv4(`${a}.${b}.${c}.${d}`)).toBe(((a * 256 + b) * 256 + c) * 256 + d)
      }),
    )
  })

  it('is nothing else', () => {
    const dotted = /^(?:(?:0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])(?:\.(?!$)|$)){4}$/
    const part = fc.oneof(
      fc.constantFrom('', '0', '00', '01', '255', '256', '1000', ' 1', '1 ', '-1', '+1', '٣'),
      fc.nat(300).map(String),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), fc.string({ maxLength: 3 }), (parts, end) => {
        for (const text of [parts.join('.'), parts.join('.') + end])
          expect(parseIpv4(text) !== undefined).toBe(dotted.test(text))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('ip:port', () => {
  it('comes back from its text', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 65_535 }), (ip, port) => {
        expect(parseAddress(formatAddress(ip, port))).toEqual({ ip, port })
      }),
    )
  })

  it('is nothing else', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), (text) => {
        const parsed = parseAddress(text)
        return parsed === undefined || formatAddress(parsed.ip, parsed.port) === text
      }),
    )
    for (const text of [
      '1.2.3.4:',
      '1.2.3.4',
      ':80',
      '1.2.3.4:080',
      '1.2.3.4:65536',
      '1.2.3.4:80:80',
      '1.2.3.4: 80',
    ]) {
      expect(parseAddress(text)).toBeUndefined()
    }
  })
})
