import { describe, expect, it } from 'vitest'
import { median, table } from './report.js'

describe('the figures of a bench', () => {
  it('are medians', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([4, 1, 3, 2])).toBe(2.5)
  })

  it('are printed as an aligned table', () => {
    expect(table(['what', 'n'], [['a hop', '21']])).toBe('| what  | n   |\n| ----- | --- |\n| a hop | 21  |')
  })
})
