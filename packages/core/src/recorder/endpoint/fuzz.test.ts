import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Chain } from '../../resolve/chain.fixture.js'
import { testId } from '../../resolve/test-trace.fixture.js'
import { LiveEndpoint } from './live-endpoint.js'

const statuses = new Set([200, 204, 400, 404, 405, 409, 503])

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '',
    '0',
    '-1',
    '1e999',
    'NaN',
    '9'.repeat(400),
    '%',
    '%00',
    '../..',
    '__proto__',
    'constructor',
    '\ud800',
  ),
  fc.double().map(String),
  fc.bigInt().map(String),
)
const parameters = fc.dictionary(
  fc.constantFrom(
    'from',
    'to',
    'after',
    'limit',
    'status',
    'route',
    'min',
    'key',
    'run',
    'name',
    'value',
    'before',
    'recurse',
    'question',
    'hops',
    'depth',
    'deadline',
    'follow',
    'last',
  ),
  fc.oneof(
    nasty,
    fc.constantFrom('1', '1795359600000000000', '1795359660000000000', testId(4001), 'a=b', '5xx', 'error'),
  ),
  { maxKeys: 7 },
)
const place = fc.oneof(
  fc.constantFrom(
    'range',
    'keys',
    'instance',
    'metrics',
    `hops/${testId(4001)}`,
    `progress/${testId(4001)}`,
    'progress/a%3Db',
  ),
  nasty,
  nasty.map((text) => `hops/${text}`),
  nasty.map((text) => `progress/${encodeURIComponent(Buffer.from(text).toString())}`),
)

describe('whatever is asked of a live endpoint', () => {
  it('is answered, by a status that says what it was, and never with a stack', async () => {
    await using chain = await Chain.of(['gateway'])
    chain.healthy()
    const own = chain.instance(0)
    await own.store.open()
    const progress = chain.resolver({ deadlineMillis: 1000 })
    const endpoint = new LiveEndpoint({ own, progress })
    await fc.assert(
      fc.asyncProperty(place, parameters, fc.boolean(), nasty, async (path, query, streamed, last) => {
        const asked = new URLSearchParams(query).toString()
        const url = `/_hoptrace/v1/${path}${asked === '' ? '' : `?${asked}`}`
        const abort = new AbortController()
        const headers = {
          ...(streamed ? { accept: 'text/event-stream', 'last-event-id': last } : {}),
        }
        const request = { method: 'GET', url, headers, asker: '' }
        const { status, body } = await endpoint.handle(request, abort.signal)
        expect(statuses).toContain(status)
        let text = ''
        for await (const piece of body) {
          text += piece
          if (text.includes('event: state')) abort.abort()
        }
        expect(text).not.toMatch(/\n\s+at .*:\d+/)
        // Nothing is owed: what was asked before keeps no place.
        expect(text).not.toContain('too many questions')
      }),
      { numRuns: 400 },
    )
  })
})
