// Reads what the test run wrote, checks that nothing was left out, and prints the closing line.
import { existsSync, readFileSync } from 'node:fs'

const status = Number(process.argv[2])
const file = 'test-results.json'
if (!existsSync(file)) {
  console.log(`the test command ended with ${status} before any test ran`)
  console.log('0 passed, 1 failed')
  process.exit(1)
}
const { testResults } = JSON.parse(readFileSync(file, 'utf8'))
const tests = testResults.flatMap((suite) =>
  suite.assertionResults.map((test) => ({ ...test, file: suite.name })),
)
const problems = testResults
  .filter(
    (suite) => suite.status === 'failed' && suite.assertionResults.every((test) => test.status !== 'failed'),
  )
  .map((suite) => `${suite.name}: ${suite.message}`)

const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed')
for (const test of skipped) problems.push(`not run: ${test.file}: ${test.fullName}`)
if (
  !tests.some(
    (test) => /hbase/i.test(test.file) && /real HBase/.test(test.fullName) && test.status === 'passed',
  )
) {
  problems.push('the HBase suite did not run')
}
const passed = tests.filter((test) => test.status === 'passed').length
const failed = tests.filter((test) => test.status === 'failed').length
if (status !== 0 && failed === 0 && problems.length === 0)
  problems.push(`the test command ended with ${status}`)
for (const problem of problems) console.log(`problem: ${problem}`)
console.log(`${passed} passed, ${failed + problems.length} failed`)
process.exit(failed + problems.length === 0 && status === 0 ? 0 : 1)
