import { describe, expect, it } from 'vitest'
import { isTargetPattern, TrustedTargets } from './trusted-targets.js'

describe('targets that receive ids of the cluster', () => {
  it.each([
    '127.0.0.1:80',
    '10.1.2.3:80',
    '172.16.0.1:80',
    '172.31.255.255:80',
    '192.168.1.1:80',
    '169.254.1.1:80',
    '100.64.0.1:80',
    '100.127.255.255:80',
    '[::1]:80',
    '[::ffff:a01:203]:80',
    '[fd00::1]:80',
    '[fe80::1]:80',
    'payments:80',
    'localhost:80',
    'a.localhost:80',
    'payments.shop.svc:80',
    'payments.shop.svc.cluster.local:80',
    'db.internal:80',
    'nas.lan:80',
    'Payments.Shop.SVC.:80',
  ])('are private ones: %s', (target) => {
    expect(new TrustedTargets().has(target)).toBe(true)
  })

  it.each([
    '8.8.8.8:80',
    '172.32.0.1:80',
    '172.15.0.1:80',
    '100.128.0.1:80',
    '11.0.0.1:80',
    '[2001:db8::1]:80',
    '[::ffff:808:808]:80',
    'api.example.com:443',
    'internal.example.com:443',
    'evil-svc.com:80',
    'local.com:80',
    ':80',
  ])('are not others: %s', (target) => {
    expect(new TrustedTargets().has(target)).toBe(false)
  })

  it('are those that the options name', () => {
    const targets = new TrustedTargets([
      'api.example.com',
      'pay.example.com:8443',
      '*.corp.example',
      '8.8.8.8',
    ])
    const trusted = [
      'api.example.com:80',
      'API.example.com:81',
      'pay.example.com:8443',
      'a.b.corp.example:1',
      '8.8.8.8:53',
    ]
    for (const target of trusted) expect({ target, has: targets.has(target) }).toEqual({ target, has: true })
    const not = [
      'pay.example.com:443',
      'corp.example:1',
      'xcorp.example:1',
      '8.8.4.4:53',
      'x.api.example.com:80',
    ]
    for (const target of not) expect({ target, has: targets.has(target) }).toEqual({ target, has: false })
    expect(new TrustedTargets(['[2001:db8::1]:80']).has('[2001:db8::1]:80')).toBe(true)
  })

  it('are those that have proven the key, the last thousand of them', () => {
    const targets = new TrustedTargets()
    expect(targets.has('api.example.com:443')).toBe(false)
    targets.prove('api.example.com:443')
    expect(targets.has('api.example.com:443')).toBe(true)
    for (let i = 0; i < 1000; i++) targets.prove(`${i}.example.com:443`)
    expect(targets.has('api.example.com:443')).toBe(false)
    expect(targets.has('999.example.com:443')).toBe(true)
  })

  it('are named by host, host and port, or suffix', () => {
    for (const text of ['a', 'a.b:1', '*.b', '[::1]:80', '10.0.0.1']) expect(isTargetPattern(text)).toBe(true)
    for (const text of ['', '*', 'a/b', 'http://a', 'a:x', 'a b', 7, undefined])
      expect(isTargetPattern(text)).toBe(false)
  })
})
