import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { heavyProjects, quickProjects, type TestProject } from './vitest.workspace.js'

// Without `import` and `default`: Vite adds them where they apply, and Vitest hands these to Node as `--conditions`, where
// CommonJS modules would be given ES modules by `require`.
const conditions = ['@hoptrace/source', 'node']

/**
 * Only a test that hangs takes longer, on whatever machine: what a test waits for is progress. On another runtime some hang because of
 * what it cannot do.
 */
const isOther = 'bun' in process.versions || 'deno' in process.versions
const HANG_MILLIS = isOther ? 30_000 : 300_000
/** The heavy ones start processes and kill them. */
const HEAVY_HANG_MILLIS = (isOther ? 2 : 5) * HANG_MILLIS

const setup = (name: string): string => fileURLToPath(new URL(`dev/${name}.mjs`, import.meta.url))

/** Projects and files that are named on the command line are run, whatever they cost. */
const named = process.argv.some(
  (word) => word.startsWith('--project') || /^(packages|apps|bench|hostile)\//.test(word),
)

const project = ({ name, include, exclude, isolate = false }: TestProject, order: number) => ({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    name,
    include: [...include],
    exclude: ['**/node_modules/**', ...exclude],
    pool: 'forks' as const,
    // To load the sources again for each file would take a third of the quick tests' time.
    isolate,
    execArgv: ['--conditions=@hoptrace/source'],
    // In the heavy projects, what fails twice is broken, and what fails once is a defect that CI's last lines name.
    retry: order > 0 && process.env['CI'] ? 1 : 0,
    testTimeout: order > 0 ? HEAVY_HANG_MILLIS : HANG_MILLIS,
    hookTimeout: order > 0 ? HEAVY_HANG_MILLIS : HANG_MILLIS,
    expect: { poll: { timeout: HANG_MILLIS / 2 } },
    globalSetup: name === 'hbase' || name === 'net' ? [setup('vitest-hbase')] : [],
    setupFiles: [setup('vitest-hangs'), ...(name === 'e2e' ? [setup('vitest-environment')] : [])],
    sequence: { groupOrder: order },
  },
})

export default defineConfig({
  test: {
    projects: [
      ...quickProjects.map((one) => project(one, 0)),
      ...(named ? heavyProjects.map((one, index) => project(one, index + 1)) : []),
    ],
    globalSetup: [setup('vitest-setup')],
    maxWorkers: 2,
    // Vitest gives a reporter of the command line the options that one of the same name has here.
    reporters:
      process.env['CI'] && !process.argv.some((word) => word.startsWith('--reporter'))
        ? ['default', ['json', { outputFile: 'test-results.json' }]]
        : ['default'],
  },
})
