import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../..')

it('every file that docs/security.md names as a proof is there', () => {
  const page = readFileSync(path.join(root, 'docs/security.md'), 'utf8')
  const named = [...page.matchAll(/`((?:packages|apps|hostile)\/[^`*]+)`/g)].map(
    (match) => match[1] as string,
  )
  expect(named.filter((name) => name.endsWith('.test.ts')).length).toBeGreaterThan(15)
  expect(named.filter((name) => !existsSync(path.join(root, name)))).toEqual([])
  // A test that is named without its place cannot be checked.
  expect(
    [...page.matchAll(/`([\w-]+\/[^`]*\.test\.ts)`/g)].filter(
      ([, name]) => !/^(packages|apps|hostile)\//.test(name ?? ''),
    ),
  ).toEqual([])
})
