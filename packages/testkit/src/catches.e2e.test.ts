import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

/** What the kits say of the subjects in `faulty.fixture.ts`, each of which has one thing wrong. */
async function report(): Promise<Report> {
  const vitest = path.join(
    path.dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
    'vitest.mjs',
  )
  const config = fileURLToPath(new URL('./faulty.config.fixture.ts', import.meta.url))
  const name = '(URL|url|order|cannot be read|through without)'
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !key.startsWith('VITEST') && key !== 'NODE_OPTIONS'),
  )
  const stdout = await new Promise<string>((resolve) => {
    const args = [vitest, 'run', '--config', config, '--testNamePattern', name]
    execFile(process.execPath, args, { env, maxBuffer: 1e8 }, (_, out) => resolve(out))
  })
  return JSON.parse(stdout.slice(stdout.indexOf('{'))) as Report
}

describe('the kits', () => {
  let results: Report['testResults'][number]['assertionResults']
  beforeAll(async () => {
    results = (await report()).testResults.flatMap(({ assertionResults }) => assertionResults)
  })

  const failed = (subject: string): string[] =>
    results
      .filter(({ fullName, status }) => status === 'failed' && fullName.startsWith(subject))
      .map(({ fullName }) => fullName)

  it('find nothing wrong with a store that keeps the contract', () => {
    expect(failed('right')).toEqual([])
    expect(results.some(({ status, fullName }) => status === 'passed' && fullName.startsWith('right'))).toBe(
      true,
    )
  })

  it.each([
    ['an empty answer from a store that cannot be read', 'silent', 'fails when its rows cannot be read'],
    ['a plain error from a store', 'plain', 'fails when its rows cannot be read'],
    ['a URL that differs between connections', 'urls', 'has a url that finds it again'],
    ['an order that is none', 'order', 'orders keys by unsigned bytes'],
    [
      'an adapter that never says that the handler is through',
      'unhandled',
      'closes when its handler is through',
    ],
  ])('catch %s', (_, subject, title) => {
    expect(failed(subject).filter((name) => name.includes(title))).toHaveLength(1)
  })

  it('show keys that are no text as hex', () => {
    const { failureMessages = [] } =
      results.find(({ fullName }) => fullName.startsWith('order') && fullName.includes('unsigned bytes')) ??
      {}
    const text = failureMessages.join('\n')
    expect(text).toContain('x:ff00')
    expect(text).not.toMatch(/[\x00-\x08\x80-\xff]/)
  })
})
