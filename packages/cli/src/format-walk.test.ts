import { describe, expect, it } from 'vitest'
import { call, diedAnswer, GATEWAY, hop, INVENTORY, ORDERS, PAYMENTS } from './answer.fixture.js'
import { formatAnswer, formatWalk } from './format-walk.js'
import { createPaint } from './paint.js'
import { walkTree } from './walk-tree.js'

describe('the walk as text', () => {
  it('prints one block per hop below its caller, in the order of the calls, and the verdict', () => {
    expect(formatAnswer(diedAnswer()).join('\n')).toMatchInlineSnapshot(`
      "! gateway  127.0.0.1:4000  POST /orders  502  8.12 ms
      │   18a2b3c4d5e6f7008000007f0000010fa0  2026-11-22T15:00:00.123456789Z  from the live instance
      │   orderId=42
      └─ ! orders  127.0.0.1:4001  POST /orders  502  7.30 ms
         │   18a2b3c4d5e6f7018000007f0000010fa1  2026-11-22T15:00:00.123456789Z  from its store
         │   orderId=42
         │   customer="c 7"
         │   +1.20 ms  order.accepted  items=3
         ├─ ✔ notify  127.0.0.1:4004  POST /mails  200  812 µs
         │      18a2b3c4d5e6f7048000007f0000010fa4  2026-11-22T15:00:00.123456789Z  from the live instance
         └─ ! payments  127.0.0.1:4002  POST /charges/:id  502  4.80 ms  ◀ last healthy
            │   18a2b3c4d5e6f7028000007f0000010fa2  2026-11-22T15:00:00.123456789Z  from the live instance
            └─ ✗ inventory  127.0.0.1:4003  POST  no record, the caller saw ECONNRESET after 2.10 ms  ◀ died here

      verdict   died in inventory (127.0.0.1:4003), last healthy: payments (127.0.0.1:4002)
      evidence  payments saw ECONNRESET
                inventory 127.0.0.1:4003 is shipped through 15:00:10, no record
      reads     5 instances asked, 3 scans, 1.81 kB, in 4.10 ms"
    `)
  })

  it('shows a hop once although records point at each other', () => {
    const hops = [
      hop(GATEWAY, 'a', 1, { next: [call(ORDERS, 'b', 2), call(GATEWAY, 'a', 1)] }),
      hop(ORDERS, 'b', 2, { next: [call(GATEWAY, 'a', 1)] }),
    ]
    const lines = formatWalk({ ...diedAnswer(), hops })
    expect(lines.filter((line) => line.includes('POST  /a') || line.includes('POST /a'))).toHaveLength(1)
  })

  it('shows hops with a lost caller as separate trees', () => {
    const hops = [
      hop(GATEWAY, 'a', 1),
      hop(PAYMENTS, 'p', 2, { next: [call(INVENTORY, 'i', 3)] }),
      hop(INVENTORY, 'i', 3),
    ]
    const roots = walkTree({ traceId: GATEWAY, hops })
    expect(roots.map((root) => root.hop?.service)).toEqual(['a', 'p'])
    expect(roots[1]?.children[0]?.hop?.service).toBe('i')
  })

  it('says how many details of a hop the tracer left out', () => {
    const hops = [
      hop(GATEWAY, 'a', 1, { shed: 1, next: [call(ORDERS, 'b', 2)] }),
      hop(ORDERS, 'b', 2, { shed: 12 }),
    ]
    const text = formatWalk({ ...diedAnswer(), hops }).join('\n')
    expect(text).toMatch(/ 1 detail left out under pressure\n/)
    expect(text).toMatch(/ 12 details left out under pressure/)
  })

  it('says what the caller saw if the hop answered something else', () => {
    const answer = diedAnswer()
    const hops = [
      hop(GATEWAY, 'a', 1, {
        next: [call(ORDERS, 'b', 2, { outcome: 'ETIMEDOUT', durationMicros: 500_000 })],
      }),
      hop(ORDERS, 'b', 2, { durationMicros: 20_000_000 }),
    ]
    expect(formatWalk({ ...answer, hops }).join('\n')).toContain('the caller saw ETIMEDOUT after 500 ms')
  })

  it('prints no control character from a record', () => {
    const evil = '\u001b[2Jx\u0007\u202ey\r\n'
    const bad = hop(GATEWAY, 'a', 1, {
      route: evil,
      keys: { [evil]: evil },
      attributes: { [evil]: evil },
      error: { name: evil, message: evil, code: evil },
      events: [{ name: evil, time: evil, attributes: { a: evil } }],
      next: [call(ORDERS, evil, 1, { target: evil, outcome: evil })],
    })
    const text = formatAnswer({ ...diedAnswer(), hops: [bad], evidence: [evil] }).join('\n')
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    expect(text).toContain('\\u001b[2Jx')
  })

  it('uses colours only if it should', () => {
    expect(formatAnswer(diedAnswer()).join('')).not.toContain('\u001b')
    expect(formatAnswer(diedAnswer(), createPaint(true)).join('')).toContain('\u001b[31m')
  })
})
