import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from './run-command.js'

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    '-',
    '--',
    '0',
    '-1',
    '1e999',
    '9'.repeat(400),
    `${'9'.repeat(320)}d`,
    '__proto__',
    '=',
    'a=',
    '=a',
    '\ud800=\udfff',
  ),
  fc.double().map(String),
  fc.integer().map((value) => `${value}s`),
  fc.nat().map((value) => `${value}d`),
)
const id = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), minLength: 32, maxLength: 32 }),
  fc.constantFrom('0'.repeat(32), 'f'.repeat(32), `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`),
)
const key = fc
  .tuple(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary', minLength: 1 }))
  .map(([name, value]) => `${name}=${value}`)
const time = fc.oneof(
  nasty,
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom(
    'now',
    '0s',
    '1ms',
    '99999d',
    '9999-12-31',
    '0000-01-01',
    '1969-12-31T23:59:59Z',
    '+275760-09-13',
  ),
)

const option = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  value.map((text) => [name, text])
const flag = fc
  .constantFrom(
    '--json',
    '--recursive',
    '--iterative',
    '--follow',
    '--all',
    '--explain',
    '--help',
    '--nonsense',
  )
  .map((name) => [name])
const options = fc.oneof(
  flag,
  option('--timeout', fc.oneof(nasty, fc.constantFrom('1ms', '50ms'))),
  option('--since', time),
  option('--until', time),
  option('--status', nasty),
  option('--route', nasty),
  option('--min-duration', nasty),
  option('--key', fc.oneof(key, nasty)),
  option('--limit', nasty),
  option('--after', fc.oneof(id, nasty)),
  option('--every', nasty),
  // Store paths that do not exist, because an embedded store would be made at any path that is named.
  option(
    '--store',
    nasty.map((text) => text.replace(/^level:/, '')),
  ),
)
const commandLine = fc
  .tuple(
    fc.constantFrom('resolve', 'progress', 'find', 'range', 'instances', 'id', 'ship', 'help', ''),
    fc.array(fc.oneof(id, key, nasty), { maxLength: 2 }),
    fc.array(options, { maxLength: 4 }),
  )
  .map(([command, subjects, given]) => [
    command,
    ...given.flat(),
    ...subjects.map((text) => (command === 'ship' ? `/nowhere/${text}` : text)),
  ])

class Sink extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

describe('any input', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-fuzz-'))
    await mkdir(path.join(dir, 'data'))
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  it('ends with a promised exit code, an explanation on stderr, and no stack', async () => {
    await fc.assert(
      fc.asyncProperty(commandLine, fc.boolean(), async (argv, keyed) => {
        const [out, err] = [new Sink(), new Sink()]
        const code = await runCommand(argv, {
          out: out as unknown as NodeJS.WriteStream,
          err: err as unknown as NodeJS.WriteStream,
          env: {
            HOPTRACE_DIR: path.join(dir, 'data'),
            ...(keyed ? { HOPTRACE_KEY: 'a cluster key of some length, more than 32' } : {}),
          },
          signal: new AbortController().signal,
        })
        expect([0, 1, 2, 3, 4]).toContain(code)
        expect(`${out.text}${err.text}`).not.toMatch(/\n\s+at .*:\d+/)
        if (code === 2) expect(err.text).not.toBe('')
        if (code === 2) expect(out.text).toBe('')
      }),
      { numRuns: 400 },
    )
  })
})
