import { expect, it } from 'vitest'
import { formatBytes } from './format-units.js'

it('writes a size with three digits and a unit', () => {
  expect([0, 999, 1811, 3_200_000].map(formatBytes)).toEqual(['0 B', '999 B', '1.81 kB', '3.20 MB'])
})
