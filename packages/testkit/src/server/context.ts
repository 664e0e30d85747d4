import http from 'node:http'
import { describe, expect, it } from 'vitest'
import { startTraced } from './running.js'
import type { ServerSubject } from './subject.js'

const seenIn = (body: Buffer): unknown => (JSON.parse(body.toString()) as { seen: unknown }).seen

/** `tracer.hop` is the hop of the request being handled, and no other. */
export function testContext(subject: ServerSubject): void {
  describe('the current hop', () => {
    it('is that of the request, for each of 50 parallel requests, after every kind of await', async () => {
      await using traced = await startTraced(subject)
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) => traced.sendTraced({ path: `/context/${i}` })),
      )
      for (const { response, traceId } of answers) {
        expect(seenIn(response.body)).toEqual(Array<string>(6).fill(traceId))
      }
      const records = await traced.kit.records()
      expect(new Set(records.map(({ hopId }) => hopId)).size).toBe(50)
      expect(records.every(({ state, status }) => state === 'closed' && status === 200)).toBe(true)
    })

    it('is present after the parsing of a body', async () => {
      await using traced = await startTraced(subject)
      const body = ['{"text":"', 'x'.repeat(70_000), '"}']
      const answers = await Promise.all(
        Array.from({ length: 10 }, () =>
          traced.sendTraced({
            method: 'POST',
            path: '/context',
            headers: { 'content-type': 'application/json' },
            body,
          }),
        ),
      )
      for (const { response, traceId } of answers) expect(seenIn(response.body)).toEqual([traceId])
    })

    it('does not leak from one request to the next on the same connection', async () => {
      await using traced = await startTraced(subject)
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
      try {
        for (let i = 0; i < 5; i++) {
          const { response, traceId } = await traced.sendTraced({ path: `/context/${i}`, agent })
          expect(new Set(seenIn(response.body) as string[])).toEqual(new Set([traceId]))
        }
      } finally {
        agent.destroy()
      }
      const records = await traced.kit.records()
      expect(new Set(records.map(({ traceId }) => traceId)).size).toBe(5)
    })

    it('is undefined outside requests', async () => {
      await using traced = await startTraced(subject)
      await traced.send({ path: '/context/1' })
      expect(traced.kit.tracer.hop).toBeUndefined()
    })
  })
}
