// Executables of other runtimes, from the npm packages that hold them: outside of `node_modules`, as most who work here need none.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** What is run of each: its package, and the words in front of a program. */
const runtimes = {
  bun: { package: 'bun@1.4.5', words: ['run', '--bun'] },
  deno: { package: 'deno@2.9.6', words: ['run', '-A', '--node-modules-dir=manual'] },
}

/** @type {import('./runtime.d.mts').runtimeNames} */
export const runtimeNames = Object.keys(runtimes)

/** @type {import('./runtime.d.mts').runtimeOf} */
export async function runtimeOf(name) {
  const { package: pkg, words } = runtimes[name]
  const show = `console.log(require('fs').realpathSync(require('child_process').execSync('command -v ${name}').toString().trim()))`
  const { stdout } = await execute('npm', ['exec', '--yes', `--package=${pkg}`, '--', 'node', '-e', show], {
    timeout: 300_000,
  })
  return { name, version: pkg.split('@').at(-1), command: [stdout.trim(), ...words] }
}
