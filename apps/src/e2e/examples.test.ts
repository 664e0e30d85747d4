import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { npm, repo } from './installed.fixture.js'

const examples = readdirSync(path.join(repo, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  // The others are no applications.
  .filter((name) => existsSync(path.join(repo, 'examples', name, 'package.json')))
  // The package of a store has a separate test, and needs Node 22.
  .filter((name) => name !== 'sqlite-store')
  // Questions, which `duckdb.e2e.test.ts` asks.
  .filter((name) => name !== 'duckdb')

describe('the example applications, with hoptrace in them', { timeout: 600_000 }, () => {
  beforeAll(() => npm(repo, 'run', 'build'), 900_000)

  it('are those that the README names', () => {
    expect(examples).toEqual(['fastify', 'koa', 'nest', 'otel'])
  })

  it.each(examples)('%s: its own tests pass, and its test command ends', async (name) => {
    await npm(path.join(repo, 'examples', name), 'test')
  })
})
