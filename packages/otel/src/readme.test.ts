import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const file = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8')

it('The README shows the instrumentation of the example, whose own test runs it', () => {
  const [, shown] = /```js\n(.*?)```/s.exec(file('packages/otel/README.md')) ?? []
  expect(shown).toBe(file('examples/otel/src/instrument.js'))
})
