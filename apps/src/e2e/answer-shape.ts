import { expect } from 'vitest'

const id = expect.stringMatching(/^[0-9a-f]{32}$/) as unknown
const address = expect.stringMatching(/^\d+\.\d+\.\d+\.\d+:\d+$/) as unknown
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/) as unknown
const anything = expect.anything() as unknown
const number = expect.any(Number) as unknown

/** Fails unless a parsed JSON document has the shape that is promised for an answer with hops. */
export function expectAnswerShape(document: unknown): void {
  expect(document).toEqual(
    expect.objectContaining({
      traceId: id,
      verdict: expect.stringMatching(
        /^(completed|failed|died|unreachable|running|interrupted|undetermined|not-found)$/,
      ) as unknown,
      hops: expect.arrayContaining([anything]) as unknown,
      evidence: expect.any(Array) as unknown,
      reads: expect.objectContaining({ instances: number, scans: number, bytes: number }) as unknown,
      elapsedMillis: number,
    }),
  )
  const answer = document as Record<string, unknown> & {
    hops: Record<string, unknown>[]
    evidence: unknown[]
  }
  for (const name of ['endedAt', 'lastHealthy']) {
    expect(answer).toHaveProperty(name)
    if (answer[name] !== null) {
      expect(answer[name]).toEqual({ service: expect.any(String) as unknown, instance: address, hopId: id })
    }
  }
  for (const text of answer.evidence) expect(text).toEqual(expect.any(String))
  for (const hop of answer.hops) {
    expect(hop).toEqual(
      expect.objectContaining({
        hopId: id,
        service: expect.any(String) as unknown,
        instance: address,
        state: expect.stringMatching(/^(open|closed|interrupted)$/) as unknown,
        startTime: time,
        keys: expect.any(Object) as unknown,
        attributes: expect.any(Object) as unknown,
        source: expect.stringMatching(/^(live|log|store)$/) as unknown,
      }),
    )
    for (const name of ['method', 'route', 'status', 'durationMicros', 'error'])
      expect(hop).toHaveProperty(name)
    for (const event of hop['events'] as unknown[]) {
      expect(event).toEqual({
        name: expect.any(String) as unknown,
        time,
        attributes: expect.any(Object) as unknown,
      })
    }
    for (const call of hop['next'] as Record<string, unknown>[]) {
      expect(call).toEqual(expect.objectContaining({ hopId: id, target: expect.any(String) as unknown }))
      for (const name of ['service', 'method', 'outcome', 'durationMicros']) expect(call).toHaveProperty(name)
    }
  }
}
