// npm test [-- --runtime bun|deno] [arguments of Vitest]. On another runtime, Vitest itself and all that tests start run there; what the
// run comes to is written to docs/runtimes.md. Decision 0016 says why.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { runtimeNames, runtimeOf } from './runtime.mjs'
import { judge, pageWith, withoutLimits } from './runtime-page.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const vitest = path.join(root, 'node_modules/vitest/vitest.mjs')

/** What runs on another runtime: core and the kits, then what core does with processes that were killed, and a slice of the fault runs. */
const parts = [
  ['core', 'testkit', 'express', 'koa', 'fastify', 'hono', 'axios', 'http', 'fetch'].flatMap((name) => [
    '--project',
    name,
  ]),
  [
    '--project',
    'e2e',
    ...['crash', 'recovery', 'close', 'blocked'].map((name) => `packages/core/src/e2e/${name}.test.ts`),
    'apps/src/faults/slice.e2e.test.ts',
  ],
]

const args = process.argv.slice(2)
const at = args.indexOf('--runtime')
if (at < 0) process.exit(await ended([process.execPath, vitest, 'run', ...args]))

const [, name] = args.splice(at, 2)
if (!runtimeNames.includes(name)) {
  console.error(`--runtime must be ${runtimeNames.join(' or ')}`)
  process.exit(2)
}
const runtime = await runtimeOf(name)
const temporary = mkdtempSync(path.join(tmpdir(), 'hoptrace-runtime-'))
const testResults = []
for (const [i, part] of (args.length > 0 ? [args] : parts).entries()) {
  const output = path.join(temporary, `${i}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${output}`]
  await ended([...runtime.command, vitest, 'run', ...reporters, ...part])
  testResults.push(...JSON.parse(readFileSync(output, 'utf8')).testResults)
}
const judged = judge(runtime, root, testResults)
rmSync(temporary, { recursive: true, force: true })
const { passed, failed, skipped, cannot, mended } = judged
console.log(
  `${name} ${runtime.version}: ${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped, ${cannot.length} that it cannot`,
)
for (const { reason, titles } of judged.reasons) console.log(`  ${titles.length} cannot: ${reason}`)
for (const { title } of failed) console.log(`  failed: ${title}`)
for (const { title } of mended)
  console.log(`  can by now, so take it out of dev/runtime-limits.mjs: ${title}`)
// For CI, what is no limit of the runtime, as Vitest itself writes it on Node.
if (process.env.CI)
  writeFileSync(
    path.join(root, 'test-results.json'),
    JSON.stringify({ testResults: withoutLimits(judged, root, testResults) }),
  )
if (args.length === 0) {
  const page = path.join(root, 'docs/runtimes.md')
  writeFileSync(page, pageWith(readFileSync(page, 'utf8'), judged))
}
process.exit(failed.length === 0 ? 0 : 1)

function ended([command, ...rest]) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, rest, { cwd: root, stdio: 'inherit' })
    child.once('error', reject).once('exit', (code) => resolve(code ?? 1))
  })
}
