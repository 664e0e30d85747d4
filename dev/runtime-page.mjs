// What a run of the tests on another runtime comes to, and its section of docs/runtimes.md.
import path from 'node:path'
import { limits } from './runtime-limits.mjs'

/** Sorts the results of Vitest: a test that fails as a limit says is no failure, but what the runtime cannot do. */
export function judge(runtime, root, testResults) {
  const own = limits.filter(({ runtimes }) => runtimes.includes(runtime.name))
  const tests = testResults.flatMap(({ name, status, assertionResults }) => {
    const file = path.relative(root, name)
    // A file that could not be loaded has no tests.
    if (assertionResults.length === 0 && status === 'failed') return [{ file, title: file, status }]
    return assertionResults.map((one) => ({ file, title: `${file}: ${one.fullName}`, status: one.status }))
  })
  const limitOf = ({ title }) => own.find(({ tests: pattern }) => pattern.test(title))
  const of = (...states) => tests.filter(({ status }) => states.includes(status))
  const failures = of('failed')
  const cannot = failures.filter((test) => limitOf(test) !== undefined)
  const reasons = own.flatMap(({ reason, tests: pattern }) => {
    const titles = cannot.filter(({ title }) => pattern.test(title)).map(({ title }) => title)
    return titles.length === 0 ? [] : [{ reason, titles }]
  })
  return {
    runtime,
    passed: of('passed'),
    failed: failures.filter((test) => limitOf(test) === undefined),
    skipped: of('skipped', 'pending', 'todo'),
    cannot,
    reasons,
    mended: of('passed').filter((test) => limitOf(test)?.always === true),
  }
}

/** The results of Vitest without the tests that fail as a limit says. */
export function withoutLimits({ cannot }, root, testResults) {
  const titles = new Set(cannot.map(({ title }) => title))
  return testResults.map(({ assertionResults, ...file }) => {
    const name = path.relative(root, file.name)
    const kept = assertionResults.filter((one) => !titles.has(`${name}: ${one.fullName}`))
    const isFailed =
      file.status === 'failed' &&
      (assertionResults.length === 0 || kept.some(({ status }) => status === 'failed'))
    return { ...file, status: isFailed ? 'failed' : 'passed', assertionResults: kept }
  })
}

/** The page with the section of this runtime replaced. */
export function pageWith(page, { runtime, passed, failed, skipped, cannot, reasons }) {
  const all = [...passed, ...failed, ...skipped, ...cannot]
  const packages = [...new Set(all.map(packageOf))].sort()
  const count = (tests, name) => String(tests.filter((test) => packageOf(test) === name).length)
  const rows = packages.map((name) =>
    row(`\`${name}\``, count(passed, name), count(failed, name), count(skipped, name), count(cannot, name)),
  )
  const lines = [
    row('package', 'passed', 'failed', 'skipped', 'cannot'),
    row('---', '---', '---', '---', '---'),
    ...rows,
    row('all', String(passed.length), String(failed.length), String(skipped.length), String(cannot.length)),
    '',
    ...(reasons.length === 0 ? ['There is nothing in these tests that it cannot do.'] : []),
    ...(reasons.length > 0 ? [row('tests', 'what it cannot do, and why'), row('---', '---')] : []),
    ...reasons.map(({ reason, titles }) => row(String(titles.length), reason)),
  ]
  const { name, version } = runtime
  const title = `## ${name === 'bun' ? 'Bun' : 'Deno'} ${version}`
  const from = page.indexOf(`<!-- ${name}: written by the run -->`)
  const to = page.indexOf(`<!-- end of ${name} -->`)
  if (from < 0 || to < 0) throw new Error(`docs/runtimes.md has no place for ${name}`)
  const section = `<!-- ${name}: written by the run -->\n${title}\n\n\`npm test -- --runtime ${name}\`\n\n${lines.join('\n')}\n`
  return page.slice(0, from) + section + page.slice(to)
}

const packageOf = ({ file }) => file.replace(/^packages\//, '').split('/')[0]
const row = (...cells) => `| ${cells.join(' | ')} |`
