import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createTracer, type Tracer } from '@hoptrace/core'
import { closedPort } from '@hoptrace/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startReceiver } from '../../otel/src/receiver.fixture.js'
import { ended, hoptrace, startHoptrace } from './command.fixture.js'

let dir: string
let tracer: Tracer
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-export-'))
  tracer = createTracer({ service: 'orders', dataDir: dir })
})
afterEach(async () => {
  await tracer.close()
  await rm(dir, { recursive: true, force: true, maxRetries: 5 })
})

/** A request with a key, and a call that nothing answers. */
async function order(id: number): Promise<void> {
  const target = `127.0.0.1:${await closedPort()}`
  await tracer.run({ name: 'checkout' }, async () => {
    tracer.hop?.setKey('orderId', id)
    tracer.hop?.event('order.accepted', { items: 3 })
    tracer.hop?.call({ url: target, method: 'POST' }).end('ECONNREFUSED')
  })
}

const of = (...args: string[]): string[] => ['export', ...args, '--dir', dir]

describe('hoptrace export --otlp', () => {
  it('sends one trace, found by its key, with the verdict', async () => {
    await using receiver = await startReceiver()
    await order(42)
    const { code, stdout, stderr } = await hoptrace(of('orderId=42', '--otlp', receiver.url))
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '1 trace exported, 2 spans sent\n',
      stderr: '',
    })
    const [entry, call] = receiver.spans
    expect(entry).toMatchObject({
      service: 'orders',
      name: 'checkout',
      parentSpanId: '',
      events: ['order.accepted'],
      attributes: { orderId: '42', 'hoptrace.verdict': 'completed' },
    })
    expect(call).toMatchObject({ kind: 3, traceId: entry?.traceId, parentSpanId: entry?.spanId })
    expect(call?.attributes).toMatchObject({ 'hoptrace.outcome': 'ECONNREFUSED' })
  })

  it('sends all traces of a time, through a receiver that is busy at first', async () => {
    await using receiver = await startReceiver()
    receiver.answers.push({ status: 503 }, { status: 429, headers: { 'retry-after': '0' } })
    for (let i = 0; i < 30; i++) await order(i)
    const { code, stdout } = await hoptrace(of('--otlp', receiver.url, '--since', '10m', '--json'))
    expect({ code, view: JSON.parse(stdout) as unknown }).toEqual({
      code: 0,
      view: { traces: 30, sent: 60, rejected: 0, retries: 2, batches: expect.any(Number) as number },
    })
    expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).toBe(30)
  })

  it('follows: sends what comes, and continues where another process was killed', async () => {
    await using receiver = await startReceiver()
    const resume = path.join(dir, 'exported.json')
    const args = of(
      '--otlp',
      receiver.url,
      '--follow',
      '--every',
      '100ms',
      '--resume',
      resume,
      '--since',
      '1m',
    )
    const keys = (): Set<unknown> => new Set(receiver.spans.map(({ attributes }) => attributes['orderId']))
    await order(1)
    const first = startHoptrace(args)
    await expect.poll(() => keys()).toContain('1')
    await expect.poll(() => existsSync(resume)).toBe(true)
    first.kill('SIGKILL')
    await once(first, 'close')
    await order(2)
    const second = startHoptrace(args)
    const end = ended(second)
    await order(3)
    await expect.poll(() => [...keys()]).toEqual(expect.arrayContaining(['1', '2', '3']))
    second.kill('SIGINT')
    expect(await end).toMatchObject({ code: 130, stderr: '' })
    const through = (JSON.parse(await readFile(resume, 'utf8')) as { exportedThrough: string })
      .exportedThrough
    expect(BigInt(through)).toBeGreaterThan(BigInt(Date.now() - 600_000) * 1_000_000n)
  })

  it('follows: holds a trace back that runs, and sends it once when it has ended', async () => {
    await using receiver = await startReceiver()
    let finish = (): void => undefined
    const running = tracer.run({ name: 'slow' }, () => new Promise<void>((resolve) => (finish = resolve)))
    await order(7)
    const child = startHoptrace(
      of('--otlp', receiver.url, '--follow', '--every', '100ms', '--since', '1m', '--hold', '1h'),
    )
    const end = ended(child)
    const names = (): string[] => receiver.spans.map(({ name }) => name)
    await expect.poll(() => names()).toContain('checkout')
    expect(names()).not.toContain('slow')
    finish()
    await running
    await expect.poll(() => names()).toContain('slow')
    child.kill('SIGINT')
    expect(await end).toMatchObject({ code: 130 })
    expect(names().filter((name) => name === 'slow')).toHaveLength(1)
  })

  it.each([
    ['no URL of HTTP', ['orderId=1', '--otlp', 'localhost:4318'], 2, /--otlp is no URL of HTTP/],
    ['nothing to export', ['--otlp', 'http://127.0.0.1:1'], 2, /nothing says what to export/],
    ['two things to export', ['orderId=1', '--since', '1m', '--otlp', 'http://127.0.0.1:1'], 2, /as well/],
    [
      'a header that cannot be sent',
      ['orderId=1', '--otlp', 'http://127.0.0.1:1', '--header', 'x'],
      2,
      /header/,
    ],
  ])('says what is wrong: %s', async (_, args, code, text) => {
    const answer = await hoptrace(of(...args))
    expect(answer.code).toBe(code)
    expect(answer.stderr).toMatch(text)
  })

  it('says that the receiver refuses, and why', async () => {
    await using receiver = await startReceiver()
    receiver.answers.push({ status: 401 })
    await order(1)
    const { code, stderr } = await hoptrace(of('orderId=1', '--otlp', receiver.url))
    expect(code).toBe(3)
    expect(stderr).toContain(`${receiver.url}/v1/traces does not take the spans: status 401`)
  })
})
