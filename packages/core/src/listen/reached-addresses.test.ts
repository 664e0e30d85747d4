import { describe, expect, it } from 'vitest'
import { namedPlace, ReachedAddresses } from './reached-addresses.js'

describe('foreign addresses under which a process is reached', () => {
  it('are new once, and the least recently met goes first', () => {
    const reached = new ReachedAddresses()
    expect(reached.add('10.0.0.1:80')).toBe(true)
    for (let i = 0; i < 63; i++) expect(reached.add(`10.0.1.${i}:80`)).toBe(true)
    expect(reached.add('10.0.0.1:80')).toBe(false)
    expect(reached.add('10.0.2.1:80')).toBe(true)
    expect(reached.list()).toHaveLength(64)
    expect(reached.list().slice(-2)).toEqual(['10.0.0.1:80', '10.0.2.1:80'])
    expect(reached.list()).not.toContain('10.0.1.0:80')
  })

  it('are not written for each request of a process with any number of names', () => {
    const reached = new ReachedAddresses()
    let fresh = 0
    for (let i = 0; i < 1000; i++) if (reached.add(`tenant-${i}.example:80`)) fresh++
    expect(fresh).toBeLessThanOrEqual(128)
  })

  it('have the name of the Host header where the caller had not resolved it, unless it names another port', () => {
    expect(namedPlace('Payments.svc:8080', '0.0.0.0:8080')).toBe('payments.svc:8080')
    expect(namedPlace('payments', '0.0.0.0:80')).toBe('payments:80')
    expect(namedPlace('payments', '0.0.0.0:443')).toBe('payments:443')
    for (const host of [
      undefined,
      '',
      'payments',
      'payments:81',
      'localhost:8080',
      'a b:8080',
      '[::1]:8080',
      'x'.repeat(300),
    ])
      expect(namedPlace(host, '0.0.0.0:8080')).toBeUndefined()
  })
})
