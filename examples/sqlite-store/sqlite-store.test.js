import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const command = path.join(
  path.dirname(createRequire(import.meta.url).resolve('@hoptrace/cli')),
  '../bin/hoptrace.js',
)

const start = (dir, how) =>
  spawn(process.execPath, [path.join(here, 'service.js'), dir, how], { stdio: ['ignore', 'pipe', 'inherit'] })

/** What the command answers, as JSON, with its exit code. */
const hoptrace = (...args) =>
  new Promise((resolve) => {
    execFile(process.execPath, [command, ...args, '--json'], (error, stdout) =>
      resolve({ code: error?.code ?? 0, answer: JSON.parse(stdout) }),
    )
  })

test('a service ships to the store, and another ships what a killed one left', async (t) => {
  const dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-sqlite-'))
  t.after(() => rm(dir, { recursive: true, force: true }))

  const done = start(dir, 'done')
  assert.deepEqual(await once(done, 'exit'), [0, null])
  const completed = await hoptrace('resolve', 'reportId=done', '--dir', dir)
  assert.equal(completed.answer.verdict, 'completed')
  assert.equal(completed.answer.hops[0].source, 'store')

  const killed = start(dir, 'hang')
  await once(killed.stdout, 'data')
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  assert.equal((await hoptrace('resolve', 'reportId=hang', '--dir', dir)).answer.verdict, 'interrupted')

  const { code, answer } = await hoptrace('ship', dir)
  assert.equal(code, 0, JSON.stringify(answer))
  const shipped = await hoptrace(
    'resolve',
    'reportId=hang',
    '--store',
    `sqlite:${dir}/nightly.db`,
    '--dir',
    dir,
  )
  assert.equal(shipped.answer.verdict, 'interrupted')
  assert.equal(shipped.answer.hops[0].source, 'store')
})
