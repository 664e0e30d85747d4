import { defineConfig } from 'vitest/config'

const conditions = ['@hoptrace/source', 'node']

/** Runs the kits over subjects that are wrong: see `catches.e2e.test.ts`. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['src/faulty.fixture.ts'],
    pool: 'forks',
    execArgv: ['--conditions=@hoptrace/source'],
    testTimeout: 60_000,
    reporters: ['json'],
  },
})
