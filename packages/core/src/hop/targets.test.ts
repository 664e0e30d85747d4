import { describe, expect, it } from 'vitest'
import { IdGenerator } from '../id/index.js'
import type { HopId } from '../id/types.js'
import { Targets } from './targets.js'

const ids = new IdGenerator()
const hopId = ids.next()
const by = (service: string, address: string) => ({ hopId, service, address })
const dialled = (ip: string, port: number): HopId => ids.assign({ ip, port })

describe('the service at a target', () => {
  it('is the one that listens there itself', () => {
    const targets = new Targets([])
    targets.learn('10.0.0.1:80', dialled('10.0.0.1', 80), by('orders', '10.0.0.1:80'), false)
    targets.learn('payments:80', dialled('0.0.0.0', 80), by('payments', '10.0.0.2:80'), false)
    expect(targets.serviceAt('10.0.0.1:80')).toBe('orders')
    expect(targets.serviceAt('payments:80')).toBe('payments')
    expect(targets.serviceAt('10.0.0.9:80')).toBeNull()
  })

  it('is unknown for a gateway, which may send the next request elsewhere', () => {
    const targets = new Targets([])
    targets.learn('10.0.0.1:80', dialled('10.0.0.1', 80), by('orders', '10.0.0.7:80'), false)
    targets.learn('gateway:80', dialled('0.0.0.0', 80), by('orders', '10.0.0.7:8080'), false)
    targets.learn('shop:80', dialled('0.0.0.0', 80), by('orders', '10.0.0.7:80'), false)
    targets.learn('shop:80', dialled('0.0.0.0', 80), by('payments', '10.0.0.8:80'), false)
    targets.learn('shop:80', dialled('0.0.0.0', 80), by('orders', '10.0.0.7:80'), false)
    for (const target of ['10.0.0.1:80', 'gateway:80', 'shop:80'])
      expect(targets.serviceAt(target)).toBeNull()
  })

  it('makes a target trusted only if the dialled process has the key', () => {
    const targets = new Targets([])
    const id = dialled('203.0.113.7', 443)
    targets.learn('203.0.113.7:443', id, by('unknown', '10.0.0.7:443'), false)
    expect(targets.trusted.has('203.0.113.7:443')).toBe(false)
    targets.learn('203.0.113.7:443', id, by('unknown', '10.0.0.7:443'), true)
    expect(targets.trusted.has('203.0.113.7:443')).toBe(true)
    expect(targets.serviceAt('203.0.113.7:443')).toBeNull()
  })
})
