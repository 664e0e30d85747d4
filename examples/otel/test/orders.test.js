import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { createResolver } from '@hoptrace/core'

const example = path.join(import.meta.dirname, '..')

test('an order is found by its key, after the process was killed', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'example-otel-'))
  const child = spawn(process.execPath, ['--import', './src/instrument.js', 'src/app.js'], {
    cwd: example,
    env: { ...process.env, PORT: '0', HOPTRACE_DIR: dir },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout, 'data')
  const url = String(line).trim()
  assert.deepEqual(await (await fetch(`${url}/orders/42`)).json(), { id: '42' })
  child.kill('SIGKILL')
  await once(child, 'close')

  const resolver = createResolver({ dir })
  const { verdict, hops } = await resolver.resolve('orderId=42')
  await resolver.close()
  assert.equal(verdict, 'completed')
  const [{ service, method, route, status, events }] = hops
  assert.deepEqual([service, method, route, status], ['orders', 'GET', '/orders/:id', 200])
  assert.equal(events.find(({ name }) => name === 'order.found')?.attributes.items, 3)
  rmSync(dir, { recursive: true, force: true })
})
