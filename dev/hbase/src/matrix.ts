import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/*
 * `npm run hbase:matrix [-- VERSION…]` runs the suites of the client and of the store on each version of HBase, and writes
 * docs/hbase-versions.md. It takes some minutes a version.
 */

/** The newest of each line that Maven Central has with all its modules. */
const newest = ['2.4.18', '2.5.13-hadoop3', '2.6.4-hadoop3', '3.0.0-alpha-4']

const suites = [
  { title: 'client', isOf: (file: string) => file.includes('/hbase-client/') },
  { title: 'store, native RPC', isOf: (_: string, test: string) => test.includes('over its own RPC') },
  { title: 'store, REST gateway', isOf: (_: string, test: string) => test.includes('over a REST gateway') },
] as const

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly message: string
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

interface Tested {
  readonly version: string
  readonly cells: readonly string[]
  readonly failed: readonly string[]
}

function test(version: string): Tested {
  const dir = mkdtempSync(path.join(tmpdir(), 'hoptrace-matrix-'))
  const file = path.join(dir, 'report.json')
  const files = ['packages/hbase-client', 'apps/src/hbase/store-kit']
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const env = { ...process.env, HBASE_VERSION: version, HOPTRACE_REQUIRE_HBASE: '1' }
  spawnSync('npx', ['vitest', 'run', '--project', 'hbase', ...files, ...reporters], { env, stdio: 'inherit' })
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report
  rmSync(dir, { recursive: true })
  const tests = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status }) => ({ file: name, fullName, status })),
  )
  const unread = report.testResults.filter(
    ({ assertionResults, message }) => assertionResults.length === 0 && message,
  )
  const cells = suites.map(({ isOf }) => {
    const ran = tests.filter(
      ({ file: from, fullName, status }) => status !== 'skipped' && isOf(from, fullName),
    )
    const passed = ran.filter(({ status }) => status === 'passed').length
    if (ran.length === 0) return '–'
    return passed === ran.length ? `✓ ${passed}` : `${passed} of ${ran.length}`
  })
  const failed = tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)
  return { version, cells, failed: [...failed, ...unread.map(({ message }) => message)] }
}

function page(tested: readonly Tested[]): string {
  const titles = ['HBase', ...suites.map(({ title }) => title)]
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const failures = tested.flatMap(({ version, failed }) => failed.map((text) => `- ${version}: ${text}`))
  return [
    '# Versions of HBase',
    '',
    '`npm run hbase:matrix` writes this page. It runs the suites of `@hoptrace/hbase-client` and the [store kit](write-a-store.md) on a real HBase of each version, standalone, on Java 17.',
    'A tick: all tests passed, with their number. A dash: Maven Central has no REST gateway of this version. `HBASE_VERSION=2.5.13-hadoop3 npm run hbase -- start` starts one of them.',
    '',
    row(titles),
    row(titles.map(() => '---')),
    ...tested.map(({ version, cells }) => row([version, ...cells])),
    ...(failures.length === 0 ? [] : ['', 'Tests that failed:', '', ...failures]),
    '',
  ].join('\n')
}

const asked = process.argv.slice(2)
const tested = (asked.length === 0 ? newest : asked).map(test)
writeFileSync('docs/hbase-versions.md', page(tested))
process.exitCode = tested.some(({ failed }) => failed.length > 0) ? 1 : 0
