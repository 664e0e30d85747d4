import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from '../run-command.js'
import { fakeStream } from '../terminal.fixture.js'

const SHELLS = ['bash', 'zsh', 'fish'] as const
const COMMANDS = 'resolve progress find range instances top id ship copy key ui env completion'.split(' ')

let dir: string
const files = new Map<string, string>()

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-completion-'))
  for (const name of ['data one', 'data-two', 'other']) await mkdir(path.join(dir, name))
  await writeFile(path.join(dir, 'data.txt'), '')
  for (const shell of SHELLS) {
    files.set(shell, path.join(dir, `script.${shell}`))
    await writeFile(files.get(shell) as string, (await printed(shell)).out)
  }
})
afterAll(() => rm(dir, { recursive: true, force: true }))

async function printed(...more: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err] = [fakeStream(false), fakeStream(false)]
  const { signal } = new AbortController()
  const code = await runCommand(['completion', ...more], {
    out: out.stream,
    err: err.stream,
    env: {},
    signal,
  })
  return { code, out: out.text(), err: err.text() }
}

async function output(program: string, ...args: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(program, args, {
    cwd: dir,
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  })
  return stdout.split('\n').filter((line) => line !== '')
}

/** Where a shell is on this machine. */
function placeOf(shell: string): string | undefined {
  return ['/bin', '/usr/bin', '/usr/local/bin']
    .map((place) => `${place}/${shell}`)
    .find((place) => existsSync(place))
}

describe('completion in bash', () => {
  /** What bash offers if the words are on its command line and the cursor is at the end of the last one. */
  const offered = (...words: string[]): Promise<string[]> => {
    const line = words.map((word) => `'${word}'`).join(' ')
    const script = `source '${files.get('bash')}'; COMP_WORDS=(hoptrace ${line}); COMP_CWORD=${words.length}
_hoptrace; printf '%s\\n' "\${COMPREPLY[@]}"`
    return output('bash', '--norc', '-c', script)
  }

  it('offers the commands, and the options of all', async () => {
    const words = await offered('')
    for (const word of [...COMMANDS, 'help', '--json', '--dir', '--help', '-v']) expect(words).toContain(word)
    expect(await offered('re')).toEqual(['resolve'])
    expect(await offered('--dir', 'x', 'in')).toEqual(['instances'])
    expect(await offered('--dir', '=', 'x', 'in')).toEqual(['instances'])
  })

  it('offers the options of the command, and no others', async () => {
    expect(await offered('range', 'payments', '--s')).toEqual(['--since', '--status', '--store'])
    expect(await offered('--json', 'top', '--o')).toEqual(['--over', '--once'])
    expect(await offered('resolve', '--s')).toEqual(['--store'])
    expect(await offered('progress', '-f')).toEqual(['-f'])
  })

  it('offers the words that a value can be, directories where one belongs, and else nothing', async () => {
    expect(await offered('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']))
    expect(await offered('completion', 'z')).toEqual(['zsh'])
    expect((await offered('resolve', '--dir', 'dat')).sort()).toEqual(['data one', 'data-two'])
    expect((await offered('resolve', '--dir', '=', 'dat')).sort()).toEqual(['data one', 'data-two'])
    expect((await offered('resolve', '--dir', '=')).sort()).toEqual(['data one', 'data-two', 'other'])
    expect((await offered('ship', 'oth')).sort()).toEqual(['other'])
    expect(await offered('range', 'payments', '--since', '')).toEqual([])
  })

  it('is registered for the command', async () => {
    expect(
      await output('bash', '--norc', '-c', `source '${files.get('bash')}'; complete -p hoptrace`),
    ).toEqual(['complete -F _hoptrace hoptrace'])
  })
})

describe.each(['zsh', 'fish'] as const)('completion in %s', (shell) => {
  it('names every command and option that bash offers', async () => {
    const { out } = await printed(shell)
    for (const word of [
      ...COMMANDS,
      'json',
      'dir',
      'store',
      'since',
      'follow',
      'every',
      'over',
      'from',
      'port',
    ])
      expect(out).toMatch(new RegExp(`\\b${word}\\b`))
    expect(out).toContain('bash zsh fish')
  })

  it('is read by the shell, where that is installed', async () => {
    const place = placeOf(shell)
    if (place === undefined) return
    const file = files.get(shell) as string
    await output(place, '-n', file)
    if (shell === 'fish') {
      const offered = async (line: string): Promise<string[]> =>
        (await output(place, '--no-config', '-c', `source '${file}'; complete -C '${line}'`)).map(
          (text) => text.split('\t')[0] as string,
        )
      expect(await offered('hoptrace re')).toEqual(['resolve'])
      expect(await offered('hoptrace completion z')).toEqual(['zsh'])
      expect((await offered('hoptrace range x --s')).sort()).toEqual(['--since', '--status', '--store'])
      expect(await offered('hoptrace resolve x --si')).toEqual([])
    } else {
      const script = `autoload -U compinit; compinit -u -D; source '${file}'; print -r -- $_comps[hoptrace]`
      expect(await output(place, '-f', '-c', script)).toEqual(['_hoptrace'])
    }
  })
})

it('prints the script as JSON, and refuses another shell', async () => {
  const { out } = await printed('bash', '--json')
  expect(JSON.parse(out)).toMatchObject({
    shell: 'bash',
    script: expect.stringContaining('complete -F') as string,
  })
  const { code, err } = await printed('tcsh')
  expect(code).toBe(2)
  expect(err).toContain('bash, zsh, fish')
})
