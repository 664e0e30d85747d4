import { describe, expect, it } from 'vitest'
import { judge } from './judge.js'
import type { Answer, Question } from './question.js'

const resolve: Question = { command: 'resolve', subject: 'task=1', options: [] }
const range: Question = { command: 'range', subject: 'orders', options: [] }
const hop = {
  hopId: 'a',
  service: 'orders',
  state: 'closed',
  status: 200,
  keys: { task: '1' },
  events: [],
  next: [],
}
const trace = {
  verdict: 'completed',
  endedAt: { service: 'orders', hopId: 'a' },
  lastHealthy: null,
  hops: [hop],
  evidence: [],
}

function answer(exit: number, printed: readonly unknown[], notes = ''): Answer {
  return { exit, printed, notes }
}
const resultOf = (question: Question, truth: Answer, got: Answer): string =>
  judge(question, truth, got).result

describe('an answer about a trace', () => {
  const truth = answer(0, [trace])
  it.each([
    ['found', 'is the recorded one', answer(0, [trace])],
    ['undetermined', 'knows less and says so', answer(3, [{ ...trace, verdict: 'undetermined', hops: [] }])],
    [
      'undetermined',
      'has the verdict, lacks a key and says why',
      answer(0, [{ ...trace, hops: [{ ...hop, keys: {} }], evidence: ['the log of orders is damaged'] }]),
    ],
    ['error', 'is an error', answer(3, [], 'hoptrace: damaged segment')],
    ['wrong', 'lacks a key without a word', answer(0, [{ ...trace, hops: [{ ...hop, keys: {} }] }])],
    ['wrong', 'is another verdict', answer(1, [{ ...trace, verdict: 'failed' }])],
    ['wrong', 'says that there is none', answer(3, [{ ...trace, verdict: 'not-found', hops: [] }])],
    [
      'wrong',
      'is a failure inside',
      answer(2, [], "hoptrace: Cannot read properties of undefined (reading 'x')"),
    ],
    [
      'wrong',
      'shows a value that was not recorded',
      answer(3, [{ ...trace, verdict: 'undetermined', hops: [{ ...hop, status: 500 }] }]),
    ],
  ])('is %s when it %s', (result, _what, got) => {
    expect(resultOf(resolve, truth, got)).toBe(result)
  })
})

describe('a list', () => {
  const other = { ...hop, hopId: 'b' }
  const truth = answer(0, [hop, other])
  it.each([
    ['found', 'is whole', answer(0, [hop, other])],
    ['error', 'is less and ends with an error', answer(3, [hop], 'hoptrace: not everything could be read')],
    ['undetermined', 'is less with a warning', answer(0, [hop], 'warning: not everything could be read: x')],
    ['wrong', 'is less without a word', answer(0, [hop])],
    [
      'wrong',
      'has a row that was not recorded',
      answer(3, [hop, { ...hop, hopId: 'c' }], 'hoptrace: damaged'),
    ],
  ])('is %s when it %s', (result, _what, got) => {
    expect(resultOf(range, truth, got)).toBe(result)
  })

  it('is wrong when it says that there is nothing', () => {
    const find: Question = { command: 'find', subject: 'task=1', options: [] }
    expect(resultOf(find, answer(0, [hop]), answer(3, [], 'no trace has task=1'))).toBe('wrong')
  })
})
