import { variables } from '@hoptrace/core'
import { describe, expect, it } from 'vitest'
import { runCommand } from './run-command.js'
import { fakeStream } from './terminal.fixture.js'

async function env(given: NodeJS.ProcessEnv, ...args: string[]) {
  const [out, err] = [fakeStream(false), fakeStream(false)]
  const { signal } = new AbortController()
  const code = await runCommand(['env', ...args], { out: out.stream, err: err.stream, env: given, signal })
  return { code, out: out.text(), err: err.text() }
}

const key = 'Xw2Q9vC4nLk7Ht0PbZs5Rj8Yd1Fm3Ga6Ue-KoIiTxEy'

describe('hoptrace env', () => {
  it('prints every variable with its value or its default, and no secret', async () => {
    const { code, out, err } = await env({
      HOPTRACE_SERVICE: 'orders',
      HOPTRACE_KEY: key,
      HOPTRACE_DIR: '/var/lib/\u001b[31mred',
    })
    const lines = out.trimEnd().split('\n')
    expect(lines.map((line) => line.split(' ')[0])).toEqual(variables.map(({ name }) => name))
    expect(lines[0]).toMatch(/^HOPTRACE_SERVICE +orders +service: 1-64 of/)
    expect(out).toMatch(/HOPTRACE_KEY +\(set\)/)
    expect(out).toMatch(/HOPTRACE_RETENTION +default: 7d/)
    expect(out).toContain('/var/lib/\\u001b[31mred')
    expect(out).not.toContain(key)
    expect([code, err]).toEqual([0, ''])
  })

  it('prints them as one JSON document, and says which value cannot be used', async () => {
    const given = { HOPTRACE_KEY: key, HOPTRACE_STORE: 'hbase://user:hunter2@host:1' }
    const { code, out, err } = await env(given, '--json')
    const rows = JSON.parse(out) as { name: string; value: string | null; option: string }[]
    expect(rows.find(({ name }) => name === 'HOPTRACE_KEY')).toMatchObject({
      value: '(set)',
      option: 'clusterKey',
    })
    expect(rows.find(({ name }) => name === 'HOPTRACE_DIR')).toMatchObject({ value: null, option: 'dataDir' })
    expect(err).toContain('HOPTRACE_STORE: ')
    expect(`${out}${err}`).not.toContain('hunter2')
    expect(code).toBe(0)
  })
})
