import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { projects, projectsWithin } from './vitest.workspace.js'

// Without `import` and `default`: Vite adds them where they apply, and Vitest hands these to Node as `--conditions`, where
// CommonJS modules would be given ES modules by `require`.
const conditions = ['@hoptrace/source', 'node']

const whole = (root: string) => ({
  root,
  name: root.replace('packages/', ''),
  include: ['src/**/*.test.ts'],
  exclude: projectsWithin.filter((part) => part.root === root).flatMap(({ include }) => include),
})

export default defineConfig({
  test: {
    projects: [...projects.map(whole), ...projectsWithin].map(({ root, name, include, exclude }) => ({
      root,
      resolve: { conditions },
      ssr: { resolve: { conditions, externalConditions: conditions } },
      test: {
        name,
        include,
        exclude,
        pool: 'forks',
        execArgv: ['--conditions=@hoptrace/source'],
        testTimeout: name === 'net' ? 240_000 : 60_000,
        hookTimeout: 120_000,
        // Faults in real processes on a busy machine: what fails twice is broken.
        retry: process.env['CI'] ? 1 : 0,
      },
    })),
    globalSetup: fileURLToPath(new URL('dev/vitest-setup.mjs', import.meta.url)),
    maxWorkers: 2,
    reporters: process.env['CI'] ? ['default', ['json', { outputFile: 'test-results.json' }]] : ['default'],
  },
})
