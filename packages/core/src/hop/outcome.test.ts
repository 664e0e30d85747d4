import { describe, expect, it } from 'vitest'
import { outcomeOf } from './outcome.js'

const error = (code: string | undefined, cause?: unknown): Error =>
  Object.assign(new Error('failed', { cause }), code === undefined ? {} : { code })

describe('the outcome of a call that failed', () => {
  it.each([
    ['the code of the error', error('ECONNREFUSED'), 'ECONNREFUSED'],
    ['the code of its cause', error(undefined, error('ENOTFOUND')), 'ENOTFOUND'],
    ['the code below one that says nothing', error('ERR_NETWORK', error('ECONNREFUSED')), 'ECONNREFUSED'],
    [
      'the code of one attempt of several',
      error('ERR_NETWORK', new AggregateError([error('ECONNREFUSED')])),
      'ECONNREFUSED',
    ],
    [
      'a code that says nothing, where there is no other',
      error('ERR_NETWORK', new Error('bad port')),
      'ERR_NETWORK',
    ],
    ['its own code, whatever caused it', error('ECONNABORTED', error('ECONNRESET')), 'ETIMEDOUT'],
    [
      'a reset, for a body that broke off',
      new TypeError('terminated', { cause: error('UND_ERR_SOCKET') }),
      'ECONNRESET',
    ],
    ['a cause that is no Error', new TypeError('x', { cause: { code: 'EPIPE' } }), 'ECONNRESET'],
    [
      'what it says in words alone',
      error(
        'ERR_NETWORK',
        new TypeError('client error (Connect): tcp connect error: Connection refused (os error 111)'),
      ),
      'ECONNREFUSED',
    ],
    ['nothing', new Error('why'), 'ERROR'],
  ])('is %s', (_, thrown, outcome) => {
    expect(outcomeOf(thrown)).toBe(outcome)
  })

  it('is found in a circle of causes', () => {
    const circle = new Error('round')
    circle.cause = circle
    expect(outcomeOf(circle)).toBe('ERROR')
  })
})
