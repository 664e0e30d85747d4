import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createResolver, createTracer, type Tracer } from '@hoptrace/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { built } from '../../../dev/built.mjs'
import { query } from '../../parquet/src/duckdb.fixture.js'
import { ended, hoptrace, startHoptrace, type Ended } from './command.fixture.js'

let dir: string
let out: string
let tracer: Tracer
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-export-'))
  out = path.join(dir, 'lake')
  tracer = createTracer({ service: 'orders', dataDir: dir })
})
afterEach(async () => {
  await tracer.close()
  await rm(dir, { recursive: true, force: true, maxRetries: 5 })
})

const order = (id: number): Promise<void> =>
  tracer.run({ name: 'checkout' }, () => {
    tracer.hop?.setKey('orderId', id)
    tracer.hop?.event('order.accepted', { items: 3 })
    return Promise.resolve()
  })

const of = (...args: string[]): string[] => ['export', '--parquet', out, ...args, '--dir', dir]

async function ids(): Promise<unknown[]> {
  if (!existsSync(out) || (await files()).length === 0) return []
  const rows = await query(out, `select keys['orderId'] as "order" from hops order by hop_id`)
  return rows.map((row) => row['order'])
}

const files = async (): Promise<string[]> =>
  (await readdir(out, { recursive: true })).filter((name) => name.endsWith('.parquet'))

describe('hoptrace export --parquet', () => {
  it('writes all that is kept, and each hop once when it is repeated', async () => {
    for (let id = 0; id < 20; id++) await order(id)
    const first = await hoptrace(of('--json', '--hold', '0s'))
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(first.stdout)).toMatchObject({ hops: 20, known: 0, open: 0 })
    await order(20)
    const second = await hoptrace(of())
    expect(second).toMatchObject({ code: 0, stderr: '' })
    expect(second.stdout).toMatch(/^1 hop exported into 1 file \(.*\), 20 hops exported before\n$/)
    expect(await ids()).toEqual(Array.from({ length: 21 }, (_, id) => String(id)))
    expect((await readdir(out)).every((name) => name.startsWith('service='))).toBe(true)
  })

  it('leaves an open hop out, and adds it when it has ended', async () => {
    let finish = (): void => undefined
    const running = tracer.run({ name: 'slow' }, () => new Promise<void>((resolve) => (finish = resolve)))
    await order(1)
    expect((await hoptrace(of('--since', '5m'))).stdout).toContain('1 hop still open')
    expect(await ids()).toEqual(['1'])
    finish()
    await running
    expect((await hoptrace(of('--since', '5m'))).stdout).toContain('1 hop exported into 1 file')
    expect(await ids()).toEqual([null, '1'])
  })

  it('follows: writes what comes, and continues where another process was killed', async () => {
    const resume = path.join(dir, 'exported.json')
    const args = of('--follow', '--every', '100ms', '--hold', '1s', '--resume', resume, '--since', '5m')
    await order(1)
    const first = startHoptrace(args)
    await expect.poll(() => ids()).toEqual(['1'])
    await expect.poll(() => existsSync(resume)).toBe(true)
    first.kill('SIGKILL')
    await once(first, 'close')
    let finish = (): void => undefined
    const running = tracer.run({ name: 'slow' }, () => new Promise<void>((resolve) => (finish = resolve)))
    await order(2)
    const second = startHoptrace(args)
    const end = ended(second)
    await order(3)
    await expect.poll(() => ids()).toEqual(['1', '2', '3'])
    finish()
    await running
    await order(4)
    await expect.poll(() => ids()).toContain('4')
    second.kill('SIGINT')
    expect(await end).toMatchObject({ code: 130, stderr: '' })
    const { exportedThrough } = JSON.parse(await readFile(resume, 'utf8')) as { exportedThrough: string }
    expect(BigInt(exportedThrough)).toBeGreaterThan(BigInt(Date.now() - 600_000) * 1_000_000n)
    // What ended after its time had been read twice.
    expect(await hoptrace(of('--since', '10m'))).toMatchObject({ code: 0 })
    expect(await ids()).toEqual(['1', null, '2', '3', '4'])
  })

  it('refuses a directory into which another process exports, until that is killed', async () => {
    await order(1)
    const first = startHoptrace(of('--follow', '--every', '100ms', '--since', '5m'))
    await expect.poll(() => ids()).toEqual(['1'])
    await order(2)
    const refused = await hoptrace(of())
    expect(refused).toMatchObject({ code: 3, stdout: '' })
    expect(refused.stderr).toContain(`process ${first.pid} is at work there; wait until it has ended`)
    first.kill('SIGSTOP')
    expect((await hoptrace(of())).stderr).toContain(
      'another process, which does not answer, is at work there',
    )
    first.kill('SIGKILL')
    await once(first, 'close')
    expect(await hoptrace(of())).toMatchObject({ code: 0, stderr: '' })
    expect(await ids()).toEqual(['1', '2'])
    expect((await readdir(out)).every((name) => name.startsWith('service='))).toBe(true)
  })

  it('doubles nothing if several processes begin at the same time', async () => {
    for (let id = 0; id < 20; id++) await order(id)
    const all = await Promise.all([1, 2, 3, 4].map(() => hoptrace(of('--hold', '0s'))))
    expect(all.map(({ code }) => code)).toContain(0)
    for (const { stderr } of all.filter(({ code }) => code !== 0))
      expect(stderr).toMatch(/process \d+ is at work there/)
    expect(await ids()).toEqual(Array.from({ length: 20 }, (_, id) => String(id)))
  })

  it('says that the disk is full, leaves no half file, and continues once there is room', async () => {
    const note = 'x'.repeat(200)
    for (let id = 0; id < 2000; id++)
      await tracer.run({ name: 'checkout' }, () => {
        tracer.hop?.setKey('orderId', id)
        tracer.hop?.event('noted', { note: `${note}${Math.random()}` })
        return Promise.resolve()
      })
    await tracer.close()
    // The largest size of a file: the kernel refuses to write beyond it, as it does on a full disk.
    const full = await limited(16, of())
    expect(full.code).toBe(3)
    expect(full.stderr).toMatch(/cannot write into .*lake: EFBIG.*its files are whole/)
    expect(existsSync(out) ? await files() : []).toEqual([])
    expect(await hoptrace(of())).toMatchObject({ code: 0, stderr: '' })
    expect(new Set(await ids()).size).toBe(2000)
  })

  it('has the same hops as the resolver', async () => {
    for (let id = 0; id < 5; id++) await order(id)
    await hoptrace(of('--hold', '0s'))
    const resolver = createResolver({ dir })
    try {
      const range = resolver.range({ service: 'orders', from: 0n })
      const hops: string[] = []
      for await (const { hopId } of range) hops.push(hopId)
      const rows = await query(out, 'select hop_id from hops order by hop_id')
      expect(rows.map((row) => row['hop_id'])).toEqual(hops)
    } finally {
      await resolver.close()
    }
  })

  it.each([
    ['no place', ['export', '--since', '1m'], /one place to export to/],
    [
      'two places',
      ['export', '--since', '1m', '--otlp', 'http://127.0.0.1:1', '--parquet', 'x'],
      /one place/,
    ],
    ['one trace', ['export', 'orderId=1', '--parquet', 'x'], /neither one trace/],
  ])('says what is wrong: %s', async (_, args, text) => {
    const { code, stderr } = await hoptrace([...args, '--dir', dir])
    expect(code).toBe(2)
    expect(stderr).toMatch(text)
  })
})

/** Runs the command in a process whose files have at most so many kilobytes. */
function limited(kilobytes: number, args: readonly string[]): Promise<Ended> {
  const main = built(new URL('main.ts', import.meta.url))
  const command = [process.execPath, main, ...args]
  return ended(
    spawn('bash', ['-c', `ulimit -f ${kilobytes} && exec "$@"`, 'bash', ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
}
