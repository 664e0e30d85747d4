import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { deadlineIn, orAborted, orLate } from './deadline.js'

describe('a deadline', () => {
  it('aborts with its own reason, or with that of the first signal that does', async () => {
    const soon = deadlineIn(5, [undefined, new AbortController().signal])
    await sleep(20)
    expect(soon.signal.reason).toMatchObject({ code: 'HOPTRACE_DEADLINE', message: 'no answer within 5 ms' })
    soon.clear()
    const asker = new AbortController()
    const later = deadlineIn(60_000, [asker.signal], 'never')
    asker.abort(new Error('the asker has gone'))
    expect(later.signal.reason).toMatchObject({ message: 'the asker has gone' })
    later.clear()
    expect(deadlineIn(1, [asker.signal]).signal.reason).toBe(asker.signal.reason)
  })

  it('leaves no listener, however many questions one signal may end', () => {
    const { signal } = new AbortController()
    const deadlines = Array.from({ length: 50 }, () => deadlineIn(60_000, [signal]))
    expect(getEventListeners(signal, 'abort')).toHaveLength(50)
    for (const deadline of deadlines) deadline.clear()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('waiting for a task', () => {
  it('ends with the signal, and leaves no listener', async () => {
    const { signal } = new AbortController()
    expect(await orAborted(Promise.resolve(1), signal)).toBe(1)
    await expect(orAborted(Promise.reject(new Error('failed')), signal)).rejects.toThrow('failed')
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    const aborted = AbortSignal.abort(new Error('gone'))
    await expect(orAborted(Promise.resolve(1), aborted)).rejects.toThrow('gone')
    // The task fails after its failure has no reader.
    await expect(
      orAborted(
        sleep(1).then(() => fail()),
        aborted,
      ),
    ).rejects.toThrow('gone')
    await sleep(5)
  })

  it('ends when the time is over', async () => {
    expect(await orLate(Promise.resolve(1), 1000)).toEqual({ value: 1 })
    await expect(orLate(Promise.reject(new Error('failed')), 1000)).rejects.toThrow('failed')
    expect(
      await orLate(
        sleep(20).then(() => fail()),
        1,
      ),
    ).toBeUndefined()
    await sleep(30)
  })
})

function fail(): never {
  throw new Error('too late')
}
