import { afterAll, describe, expect, it } from 'vitest'
import {
  createResolver,
  createTracer,
  type Hop,
  type HopRecord,
  type Redact,
  type Tracer,
  type TracerOptions,
} from '../index.js'
import { readRun } from '../log/index.js'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'

async function recorded(options: Partial<TracerOptions>): Promise<string> {
  const dir = mkdtempSync(path.join(tmpdir(), 'hoptrace-redaction-'))
  const tracer = createTracer({ service: 'redacting', dataDir: dir, store: { kind: 'memory' }, ...options })
  const resolver = createResolver({ dir })
  try {
    let id = ''
    tracer.run({ name: 'job' }, () => {
      const hop = tracer.hop
      id = hop?.id ?? ''
      hop?.setKey('orderId', '42')
      hop?.setAttributes({ plan: 'gold', card: '4242424242424242' })
      hop?.event('payment.captured', { amount: 12.5, card: '4242424242424242' })
      hop?.fail(new Error('card 4242424242424242 refused'))
    })
    await tracer.flush()
    const { hops } = await resolver.resolve(id)
    return JSON.stringify(hops)
  } finally {
    await resolver.close()
    await tracer.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

const key = 'QpF2xv1mY3Zt8sKq0LwBn7Ej4RduHc6VgTiOyA5sXk9'
const dirs: string[] = []
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true })
})

function memoryTracer(options: Partial<TracerOptions>): Tracer {
  const dir = mkdtempSync(path.join(tmpdir(), 'hoptrace-redaction-'))
  dirs.push(dir)
  return createTracer({
    service: 'redacting',
    dataDir: dir,
    store: { kind: 'memory' },
    windowMillis: 3_600_000,
    ...options,
  })
}

/** The records of a job, as its log has them. */
async function recordsOf(
  tracer: Tracer,
  work: (hop: Hop) => void,
  name = 'job',
): Promise<readonly HopRecord[]> {
  tracer.run({ name }, () => work(tracer.hop as Hop))
  return (await readRun(tracer.currentRun.dir)).hops
}

describe('what of the application is recorded', () => {
  it('is everything that it gives, without a rule', async () => {
    const text = await recorded({})
    for (const part of ['"orderId":"42"', '"plan":"gold"', '"amount":12.5', '4242424242424242'])
      expect(text).toContain(part)
  })

  it('is no attribute but the allowed ones', async () => {
    const text = await recorded({ allowAttributes: ['amount'] })
    expect(text).toContain('"amount":12.5')
    expect(text).not.toContain('gold')
    expect(text).not.toContain('"card"')
  })

  it('is what the hook makes of it: keys, attributes and errors', async () => {
    const text = await recorded({
      redact: ({ kind, value }) => {
        if (kind === 'key') return `hashed-${value}`
        return typeof value === 'string' ? value.replaceAll(/\d{12,}/g, '…') : value
      },
    })
    expect(text).toContain('"orderId":"hashed-42"')
    expect(text).toContain('card … refused')
    expect(text).not.toContain('4242424242424242')
  })

  it('is nothing that the hook drops, or fails on', async () => {
    const text = await recorded({
      redact: ({ name, value }) => {
        if (name === 'card') throw new Error('hook')
        return name === 'plan' ? undefined : value
      },
    })
    expect(text).not.toContain('"card"')
    expect(text).not.toContain('gold')
    expect(text).toContain('"amount":12.5')
  })

  it('is seen by the hook whole, before it is cut', async () => {
    const secret = '4242424242424242'
    const seen = new Map<string, number>()
    const tracer = memoryTracer({
      redact: ({ kind, value }) => {
        seen.set(kind, Math.max(seen.get(kind) ?? 0, String(value).length))
        return typeof value === 'string' ? value.replaceAll(secret, '…') : value
      },
    })
    const long = 'x'.repeat(5000) + secret
    const records = await recordsOf(
      tracer,
      (hop) => {
        hop.setKey('k', long)
        hop.event(long, { a: long })
        hop.fail(Object.assign(new Error('y'.repeat(1020) + secret), { code: 'E_SECRET' }))
        hop.call('http://127.0.0.1:9/').end(`REFUSED_${secret}`)
      },
      long,
    )
    expect(inspect(records, { depth: 10 })).not.toContain('42424242')
    expect(Object.fromEntries(seen)).toMatchObject({
      key: 5016,
      event: 5016,
      error: 1036,
      job: 5016,
      attribute: 5016,
    })
    expect(seen.has('code')).toBe(true)
    await tracer.close()
  })

  it('has codes where a program compares, and nothing else', async () => {
    const tracer = memoryTracer({})
    const outcomes = ['E_KIT', 'ETIMEDOUT', 'AbortError', 'refused: card 42', '', 'lower', 'X'.repeat(65)]
    const [record] = await recordsOf(tracer, (hop) => {
      hop.fail(Object.assign(new Error('m'), { code: 'no such user: bob', name: 'bob is not a name' }))
      for (const outcome of outcomes) hop.call('http://127.0.0.1:9/').end(outcome)
      hop.call('http://127.0.0.1:9/').end(Object.assign(new Error('m'), { code: 'auth/bob' }))
    })
    expect(record?.error).toEqual({ name: 'Error', message: 'm', code: null })
    const kept = ['E_KIT', 'ETIMEDOUT', 'ERR_CANCELED', 'ERROR', 'ERROR', 'ERROR', 'ERROR', 'ERROR']
    expect(record?.next.map(({ outcome }) => outcome)).toEqual(kept)
    await tracer.close()
  })

  it('is no message of an error that a bad request caused', async () => {
    const tracer = memoryTracer({})
    const error = Object.assign(new SyntaxError('"password=1" is not valid JSON'), {
      status: 400,
      code: 'E_BODY',
    })
    const [record] = await recordsOf(tracer, (hop) => hop.fail(error))
    expect(record?.error).toEqual({ name: 'SyntaxError', message: '', code: 'E_BODY' })
    await tracer.close()
  })

  const hostile = {
    toString: () => {
      throw new Error('toString')
    },
  }
  const hooks: readonly (readonly [string, () => unknown])[] = [
    [
      'throws',
      () => {
        throw new Error('hook')
      },
    ],
    ['rejects', () => Promise.reject(new Error('hook'))],
    ['gives what has no text', () => hostile],
    ['gives a symbol', () => Symbol('x')],
    ['gives an object without a prototype', () => Object.create(null) as unknown],
    [
      'gives a proxy',
      () =>
        new Proxy(
          {},
          {
            getPrototypeOf: () => {
              throw new Error('trap')
            },
          },
        ),
    ],
  ]

  it.each(hooks)('leaves the application alone when the hook %s', async (_, redact) => {
    const unhandled: unknown[] = []
    const onUnhandled = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', onUnhandled)
    const tracer = memoryTracer({ redact: redact as unknown as Redact })
    const thrown = [
      new Error('m'),
      hostile,
      Object.assign(new Error('m'), { message: hostile, code: hostile }),
    ]
    const [record] = await recordsOf(tracer, (hop) => {
      hop.setKey('k', 'v')
      hop.setAttributes({ a: 1, h: hostile })
      hop.event('e', { a: 1 })
      for (const error of thrown) hop.fail(error)
      hop.call('http://127.0.0.1:9/').end('E_ONE')
      hop.call('http://127.0.0.1:9/').end(hostile as unknown as Error)
      hop.call('http://127.0.0.1:9/').end(new Proxy(new Error('m'), { get: () => hostile.toString() }))
    })
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', onUnhandled)
    expect(unhandled).toEqual([])
    expect(record).toMatchObject({ state: 'closed', keys: {}, events: [], route: null })
    await tracer.close()
  })
})

describe('what is printed of a tracer, a hop or a call', () => {
  it('is its ids, and nothing that leads to the key', async () => {
    const tracer = memoryTracer({ clusterKey: key })
    const shown: string[] = []
    await recordsOf(tracer, (hop) => {
      const call = hop.call('http://127.0.0.1:9/')
      for (const one of [tracer, hop, call]) {
        shown.push(inspect(one), inspect([one], { depth: 50, showHidden: true }), JSON.stringify(one))
        shown.push(inspect({ ...one }, { depth: 50 }), Object.prototype.toString.call(one))
      }
      expect(inspect(hop)).toBe(
        `Hop {\n  id: '${hop.id}',\n  trace: '${hop.traceId}',\n  service: 'redacting'\n}`,
      )
      expect(JSON.parse(JSON.stringify(hop))).toEqual({
        id: hop.id,
        trace: hop.traceId,
        service: 'redacting',
      })
    })
    for (const text of shown) expect(text).not.toContain(key)
    await tracer.close()
  })
})
