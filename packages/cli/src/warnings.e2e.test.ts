import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createTracer } from '@hoptrace/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hoptrace } from './command.fixture.js'

/** A registry that cannot be read: no process listens there. */
const AWAY = 'hbase+http://127.0.0.1:1'

describe('a registry that cannot be read', () => {
  let dir: string

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-cli-warned-'))
    const tracer = createTracer({ service: 'reports', dataDir: dir })
    tracer.run({ name: 'nightly' }, () => {
      tracer.hop?.setKey('orderId', '42')
      tracer.hop?.event('report.written')
    })
    await tracer.close()
  })

  afterAll(() => rm(dir, { recursive: true, force: true }))

  it.each<[RegExp, ...string[]]>([
    [/reports/, 'instances', '--all'],
    [/report\.written/, 'resolve', 'orderId=42'],
    [/report\.written/, 'progress', 'orderId=42'],
    [/report\.written/, 'progress', 'orderId=42', '--follow'],
    [/[0-9a-f]{32}/, 'find', 'orderId=42'],
    [/nightly/, 'range', 'reports'],
  ])('still gives the known answer (%s), with a warning: hoptrace %s', async (known, ...args) => {
    const more = ['--dir', dir, '--store', AWAY, '--timeout', '6s']
    const { stdout, stderr } = await hoptrace([...args, ...more])
    expect(stderr).toMatch(/^warning: not every instance is known: .*127\.0\.0\.1:1/m)
    expect(stderr.match(/not every instance/g)).toHaveLength(1)
    expect(stdout).toMatch(known)
    expect(stdout).not.toContain('warning')
  })

  it('is not mentioned if everything could be read', async () => {
    const { stderr } = await hoptrace(['resolve', 'orderId=42', '--dir', dir])
    expect(stderr).toBe('')
  })
})
