import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createTracer, type Tracer } from '@hoptrace/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from '../run-command.js'
import { fakeStream } from '../terminal.fixture.js'

describe('hoptrace top', () => {
  let dir: string
  let tracer: Tracer

  const serve = (orderId: string): void =>
    tracer.run({ name: 'place-order' }, () => void tracer.hop?.setKey('orderId', orderId))

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-cli-top-'))
    tracer = createTracer({ service: 'orders', dataDir: dir })
    serve('1')
    await tracer.flush()
  })
  afterAll(async () => {
    await tracer.close()
    await rm(dir, { recursive: true, force: true })
  })

  function start(isTTY: boolean, ...more: string[]) {
    return startIn(dir, isTTY, ...more)
  }

  function startIn(where: string, isTTY: boolean, ...more: string[]) {
    const [out, err] = [fakeStream(isTTY, 120), fakeStream(false)]
    const end = new AbortController()
    const argv = ['top', '--dir', where, '--over', '10m', ...more]
    const env = { NO_COLOR: '1' }
    const code = runCommand(argv, { out: out.stream, err: err.stream, env, signal: end.signal })
    return { code, out: out.text, err: err.text, end }
  }

  it('prints one table in a pipe, and with --once', async () => {
    for (const [isTTY, more] of [
      [false, []],
      [true, ['--once']],
    ] as const) {
      const { code, out, err } = start(isTTY, ...more)
      expect([await code, err()]).toEqual([0, ''])
      expect(out()).toMatch(/^\d\d:\d\d:\d\dZ {2}1 service, requests since \d/)
      expect(out()).toMatch(/\norders +1 +0\.\d\d +0 +0 +\d/)
      expect(out()).not.toContain('\u001b')
    }
  })

  it('prints one document with --json', async () => {
    const { code, out } = start(true, '--json')
    expect(await code).toBe(0)
    expect(JSON.parse(out())).toMatchObject({
      services: [{ service: 'orders', live: 1, requests: 1 }],
      unread: [],
    })
  })

  it('shows on a terminal what came since, over the table before, until Ctrl-C', async () => {
    const { code, out, end } = start(true, '--every', '250ms')
    const requests = (): string[] => out().split('\u001b[J').slice(1)
    await expect.poll(() => requests().length).toBeGreaterThan(0)
    const errors = (text: string | undefined): boolean => / 1 \(\d+\.?\d*%\)/.test(text ?? '')
    expect(errors(requests()[0])).toBe(false)
    expect(() =>
      tracer.run({ name: 'place-order' }, () => {
        throw new Error('no stock')
      }),
    ).toThrow('no stock')
    await expect.poll(() => errors(requests().at(-1))).toBe(true)
    end.abort()
    await code
    expect(out()).toContain('\r\u001b[3A\u001b[J')
    // Lines may wrap again.
    expect(out().lastIndexOf('\u001b[?7h')).toBeGreaterThan(out().lastIndexOf('\u001b[?7l'))
    expect(out().endsWith('\n')).toBe(true)
  })

  it('shows no more lines than the terminal has', async () => {
    const { createOutput } = await import('../output.js')
    const out = fakeStream(true)
    const output = createOutput(Object.assign(out.stream, { rows: 4 }), fakeStream(false).stream, {})
    await output.redraw?.(['a', 'b', 'c', 'd', 'e'])
    await output.redraw?.(['x'])
    expect(out.text()).toBe(
      '\r\u001b[J\u001b[?7la\nb\n…\u001b[?7h\n\r\u001b[3A\u001b[J\u001b[?7lx\u001b[?7h\n',
    )
    expect(createOutput(fakeStream(false).stream, out.stream, {}).redraw).toBeUndefined()
    expect(createOutput(out.stream, out.stream, { TERM: 'dumb' }).redraw).toBeUndefined()
  })

  it('says if no service is registered', async () => {
    const empty = await mkdtemp(path.join(tmpdir(), 'hoptrace-cli-top-none-'))
    const { code, err } = startIn(empty, false)
    expect(await code).toBe(3)
    expect(err()).toContain('no service is registered')
    await rm(empty, { recursive: true, force: true })
  })

  it.each([
    ['--every', '1ms'],
    ['--over', '2d'],
    ['--over', 'long'],
  ])('refuses %s %s', async (flag, value) => {
    const { code } = start(false, flag, value)
    expect(await code).toBe(2)
  })
})
