#!/usr/bin/env node
// Checked in, so that it can be linked before anything is built. A checkout runs its sources, which a build may be behind of;
// the package holds no sources and runs what was built.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../src/main.ts', import.meta.url))
if (existsSync(source)) {
  const node = ['--conditions=@hoptrace/source', '--import', import.meta.resolve('tsx'), source]
  // Not the one of the working directory: its `paths` say which code an import runs.
  const tsconfig = fileURLToPath(new URL('../tsconfig.json', import.meta.url))
  const child = spawn(process.execPath, [...node, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, TSX_TSCONFIG_PATH: tsconfig },
  })
  // The terminal tells both; the command decides what it ends with.
  process.on('SIGINT', () => undefined)
  child.on('exit', (code, signal) => {
    if (signal !== null) process.kill(process.pid, signal)
    else process.exitCode = code ?? 1
  })
} else {
  await import('../dist/main.js')
}
