import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempDir } from '../log/test-run.fixture.js'
import { adoptAll, resolveIn, send, TestService } from './test-service.fixture.js'

const quick = { windowMillis: 500, graceMillis: 100 }
/** Longer than a request may take from one process to the next, and than its caller waits. */
const blockedMillis = 4000
const callerWaits = 500

/** A caller and a callee; the callee's event loop is blocked while the caller's request waits in its socket. */
async function callBehindBlock(dataDir: string, then: string): Promise<AsyncDisposable> {
  const callee = await TestService.start({ service: 'callee', dataDir, port: 0, ...quick })
  const caller = await TestService.start({ service: 'caller', dataDir, port: 0, ...quick })
  expect((await send(`${callee.url}/ok`)).status).toBe(200)
  const blocking = send(`${callee.url}/block?millis=${blockedMillis}`)
  // The callee has read that request when the next one arrives.
  await new Promise((resolve) => setTimeout(resolve, 300))
  const to = encodeURIComponent(`${callee.url}${then}`)
  const answer = await send(`${caller.url}/call?order=7&timeout=${callerWaits}&to=${to}`)
  expect(answer.status).toBe(502)
  // A question makes the callee say what it has, as soon as its loop turns.
  await resolveIn(dataDir, 'orderId=7')
  await blocking
  await callee.ended
  return caller
}

describe('a request that waits behind others for a busy process to accept its connection', () => {
  it('may have been taken by the process, as long as its log is not read', async () => {
    using dir = tempDir()
    const [waiting, millis] = [100, 100]
    const callee = await TestService.start({ service: 'callee', dataDir: dir.path, port: 0, ...quick })
    await using caller = await TestService.start({ service: 'caller', dataDir: dir.path, port: 0, ...quick })
    expect((await send(`${callee.url}/ok`)).status).toBe(200)
    // Its shipping thread is at work.
    await callee.ask({ do: 'flush' })
    const to = encodeURIComponent(`${callee.url}/block?millis=${millis}`)
    const call = (order: number) => send(`${caller.url}/call?order=${order}&timeout=${callerWaits}&to=${to}`)
    const answers = Array.from({ length: waiting }, (_, order) => call(order))
    // Its loop takes one of them after the other for ten seconds, and marks its log meanwhile.
    await new Promise((resolve) => setTimeout(resolve, (waiting * millis * 3) / 4))
    await callee.kill()
    await Promise.all(answers)
    const runs = path.join(dir.path, 'logs', 'callee')
    for (const run of readdirSync(runs)) rmSync(path.join(runs, run), { recursive: true })
    const verdicts = await Promise.all(
      answers.map(async (_, order) => (await resolveIn(dir.path, `orderId=${order}`)).verdict),
    )
    expect(verdicts.filter((verdict) => verdict === 'unreachable')).toEqual([])
    expect(verdicts).toContain('undetermined')
  })
})

describe('a request that waits in the socket of a process whose event loop is blocked', () => {
  it('may have been taken by the process, as long as its log is not read', async () => {
    using dir = tempDir()
    // It shows life again before it dies, but reads the request only then.
    await using _caller = await callBehindBlock(dir.path, '/stall?millis=2500')
    const runs = path.join(dir.path, 'logs', 'callee')
    for (const run of readdirSync(runs)) rmSync(path.join(runs, run), { recursive: true })
    const { verdict, evidence } = await resolveIn(dir.path, 'orderId=7')
    expect({ verdict, evidence }).toMatchObject({ verdict: 'undetermined' })
  })

  it('has reached it, if the process dies with the request in hand and nothing of it is in the log', async () => {
    using dir = tempDir()
    await using _caller = await callBehindBlock(dir.path, `/stall?millis=${blockedMillis}`)
    await adoptAll(dir.path)
    expect(await resolveIn(dir.path, 'orderId=7')).toMatchObject({
      verdict: 'died',
      endedAt: { service: 'callee' },
    })
  })
})
