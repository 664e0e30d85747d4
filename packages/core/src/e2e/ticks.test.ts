import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { built } from '../../../../dev/built.mjs'
import { tempDir } from '../log/test-run.fixture.js'

it('a process at rest that is traced keeps process.nextTick as fast as it was', async () => {
  using dir = tempDir()
  const flags = ['--expose-gc', '--allow-natives-syntax']
  const program = built(new URL('ticks.fixture.mjs', import.meta.url))
  // V8 writes past the streams of Node, and a pipe takes only a part at once.
  const output = path.join(dir.path, 'output')
  const fd = openSync(output, 'w')
  const child = spawn(process.execPath, [...flags, program, dir.path], { stdio: ['ignore', fd, 'inherit'] })
  expect(await once(child, 'exit')).toEqual([0, null])
  closeSync(fd)
  const printed = readFileSync(output, 'utf8')
  const kinds = [...printed.matchAll(/DefineKeyedOwnPropertyInLiteral ([A-Z]+)/g)].map(([, kind]) => kind)
  expect(kinds.length).toBeGreaterThan(0)
  expect(new Set(kinds)).toEqual(new Set(['MONOMORPHIC']))
})
