import type { NetworkInterfaceInfo } from 'node:os'
import { describe, expect, it } from 'vitest'
import { discoverAddress, isVirtualAddress, virtualAddress } from './address.js'
import { parseAddress } from './ip.js'

const entry = (address: string, family: 'IPv4' | 'IPv6', internal = false): NetworkInterfaceInfo => ({
  address,
  family,
  internal,
  netmask: '',
  mac: '',
  cidr: null,
  scopeid: 0,
})

const interfaces = {
  lo: [entry('127.0.0.1', 'IPv4', true), entry('::1', 'IPv6', true)],
  eth0: [entry('fe80::1', 'IPv6'), entry('10.1.2.3', 'IPv4'), entry('2001:db8::1', 'IPv6')],
}
const ipv6Only = { lo: interfaces.lo, eth0: [entry('fe80::1', 'IPv6'), entry('2001:db8::1', 'IPv6')] }

describe('the address of an instance', () => {
  it('is the one that its socket is bound to', () => {
    expect(discoverAddress({ bound: { address: '127.0.0.1', port: 4001 }, interfaces })).toEqual({
      address: '127.0.0.1:4001',
      aliases: [],
      host: '127.0.0.1',
    })
    expect(discoverAddress({ bound: { address: '::ffff:10.9.8.7', port: 1 }, interfaces }).address).toBe(
      '10.9.8.7:1',
    )
    expect(discoverAddress({ bound: { address: '::1', port: 1 }, interfaces })).toMatchObject({
      address: '127.0.0.1:1',
      host: '::1',
    })
  })

  it('is the first external IPv4 of a wildcard listener, with the others as aliases', () => {
    const found = discoverAddress({ bound: { address: '0.0.0.0', port: 4001 }, interfaces })
    expect(found).toEqual({ address: '10.1.2.3:4001', aliases: ['127.0.0.1:4001'], host: '10.1.2.3' })
    const dual = discoverAddress({ bound: { address: '::', port: 4001 }, interfaces })
    expect(dual.address).toBe('10.1.2.3:4001')
    expect(dual.aliases).toContain('127.0.0.1:4001')
    expect(dual.aliases).toHaveLength(2)
  })

  it('is loopback on a host without a network', () => {
    const found = discoverAddress({ bound: { address: '::', port: 4001 }, interfaces: { lo: interfaces.lo } })
    expect(found).toEqual({ address: '127.0.0.1:4001', aliases: [], host: '127.0.0.1' })
  })

  it('is virtual where there is IPv6 alone, and says which host to dial', () => {
    const found = discoverAddress({ bound: { address: '::', port: 4001 }, interfaces: ipv6Only })
    expect(Number(found.address.split('.')[0])).toBeGreaterThanOrEqual(240)
    expect(found.host).toBe('2001:db8::1')
    const bound = discoverAddress({ bound: { address: '2001:db8::1', port: 4001 }, interfaces: ipv6Only })
    expect(bound).toEqual({ address: found.address, aliases: [], host: '2001:db8::1' })
  })

  it('is virtual and unique for a process that does not listen', () => {
    const all = new Set(Array.from({ length: 500 }, () => virtualAddress()))
    expect(all.size).toBe(500)
    for (const address of all) {
      expect(isVirtualAddress(address)).toBe(true)
      expect(parseAddress(address)?.port).toBeGreaterThan(0)
    }
    expect(isVirtualAddress(discoverAddress({ interfaces }).address)).toBe(true)
  })
})
