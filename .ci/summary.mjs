// node .ci/summary.mjs RESULTS STEP=CODE ...: reads what the steps of `.ci/run` wrote into a folder, checks that nothing was left out,
// and prints the closing line. Each step has the code that it ended with; the step `static` runs no test.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const [results, ...steps] = process.argv.slice(2)
const problems = []
const runs = new Map()
for (const [run, code] of steps.map((step) => step.split('='))) {
  if (run === 'static') {
    if (code !== '0') problems.push(`${run}: it ended with ${code}`)
    continue
  }
  const file = path.join(results, `${run}.json`)
  if (!existsSync(file)) {
    problems.push(`${run}: it ended before any test ran`)
    continue
  }
  const { testResults } = JSON.parse(readFileSync(file, 'utf8'))
  for (const { name, status, message, assertionResults } of testResults)
    if (status === 'failed' && assertionResults.every((test) => test.status !== 'failed'))
      problems.push(`${run}: ${name}: ${message}`)
  if (code !== '0' && testResults.every((suite) => suite.status !== 'failed'))
    problems.push(`${run}: it ended with ${code}, although no test failed`)
  runs.set(
    run,
    testResults.flatMap((suite) => suite.assertionResults.map((test) => ({ ...test, file: suite.name }))),
  )
}

const tests = [...runs].flatMap(([run, ofRun]) => ofRun.map((test) => ({ ...test, run })))
const named = ({ run, file, fullName }) => `${run}: ${file}: ${fullName}`
// The end of CI's output is what is kept of it: without the reasons, a failure that comes once would stay without one.
const reasons = ({ failureMessages }) =>
  failureMessages.map((message) => `\n  ${message.slice(0, 2000).split('\n', 20).join('\n  ')}`).join('')
for (const test of tests)
  if (test.status !== 'passed' && test.status !== 'failed') problems.push(`not run: ${named(test)}`)
for (const [suite, folder, title] of [
  ['HBase', /hbase/i, /real HBase/],
  ['net', /apps\/src\/net\//, /./],
]) {
  const ran = (test) => folder.test(test.file) && title.test(test.fullName) && test.status === 'passed'
  if (!tests.some(ran)) problems.push(`the ${suite} suite did not run`)
}
const passed = tests.filter((test) => test.status === 'passed').length
const failed = tests.filter((test) => test.status === 'failed')
const late = tests.filter((test) => test.status === 'passed' && test.failureMessages.length > 0)
for (const test of late) console.log(`passed at its second attempt only: ${named(test)}${reasons(test)}`)
for (const test of failed) console.log(`failed: ${named(test)}${reasons(test)}`)
for (const problem of problems) console.log(`problem: ${problem}`)
const hangs = path.join(results, 'hangs.txt')
const isGood = failed.length + problems.length === 0
// Long tests say it, too: it means something only where one has failed.
if (!isGood && existsSync(hangs)) console.log(readFileSync(hangs, 'utf8').slice(-4000))
console.log(`${passed} passed, ${failed.length + problems.length} failed`)
process.exit(isGood ? 0 : 1)
