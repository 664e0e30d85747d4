import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { isError } from './is-error.js'

it('an error is one whatever realm it comes from', () => {
  let thrown: unknown
  try {
    readFileSync('/nowhere/at/all')
  } catch (error) {
    thrown = error
  }
  const other: unknown = runInNewContext(`new RangeError('elsewhere')`)
  expect(other instanceof Error).toBe(false)
  expect([thrown, other, new TypeError('here')].map(isError)).toEqual([true, true, true])
  expect([undefined, null, 'ENOENT', { message: 'x' }, {}].map(isError)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ])
})
