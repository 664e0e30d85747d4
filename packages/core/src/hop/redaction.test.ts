import { describe, expect, it } from 'vitest'
import { createResolver, createTracer, type TracerOptions } from '../index.js'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

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
})
