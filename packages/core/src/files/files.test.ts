import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  isMarkedSync,
  listDirSync,
  makeDirSync,
  openFile,
  openFileSync,
  readFile,
  readFileSync,
  removeDirSync,
  removeFileSync,
  shareWithGroup,
  whyNotDataDir,
  writeNewSync,
  writeReplacing,
  writeReplacingSync,
} from './index.js'

let dir: string
let before: number

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'files-'))
  before = process.umask(0)
})

afterEach(() => {
  process.umask(before)
  rmSync(dir, { recursive: true, force: true })
})

const place = (name: string) => ({ dir, name })
const limits = { maxBytes: 1000 }
const modeOf = (name: string) => statSync(path.join(dir, name)).mode & 0o777

describe('opening', () => {
  it.each(['fifo', 'link', 'directory', 'sparse', 'behind/inner', '../outside', 'a/../b'])(
    'refuses %s and never blocks',
    async (name) => {
      execFileSync('mkfifo', [path.join(dir, 'fifo')])
      writeFileSync(path.join(dir, 'plain'), 'x')
      symlinkSync(path.join(dir, 'plain'), path.join(dir, 'link'))
      mkdirSync(path.join(dir, 'directory'))
      writeFileSync(path.join(dir, 'directory', 'inner'), 'x')
      symlinkSync(path.join(dir, 'directory'), path.join(dir, 'behind'))
      writeFileSync(path.join(dir, 'sparse'), '')
      truncateSync(path.join(dir, 'sparse'), 10 * 2 ** 30)
      const refused: unknown = expect.objectContaining({ name: 'FileRefused' })
      expect(() => readFileSync(place(name), limits)).toThrow(refused)
      await expect(readFile(place(name), limits)).rejects.toEqual(refused)
      if (name === 'sparse') return
      expect(() => openFileSync(place(name), 'make')).toThrow(refused)
      await expect(openFile(place(name), 'update')).rejects.toEqual(refused)
    },
  )

  it('reads the written content, with fixed modes', async () => {
    makeDirSync(place('some/registry'))
    writeReplacingSync(place('some/registry/a'), 'one')
    await writeReplacing(place('some/registry/a'), 'two')
    expect(readFileSync(place('some/registry/a'), limits).toString()).toBe('two')
    expect((await readFile(place('some/registry/a'), limits)).toString()).toBe('two')
    expect(modeOf('some')).toBe(0o750)
    expect(modeOf('some/registry')).toBe(0o750)
    expect(modeOf('some/registry/a')).toBe(0o640)
    process.umask(0o077)
    writeNewSync(place('some/registry/b'), 'x')
    expect(modeOf('some/registry/b')).toBe(0o640)
    expect(() => writeNewSync(place('some/registry/b'), 'y')).toThrow('EEXIST')
    expect(
      listDirSync(place('some/registry'))
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['HOPTRACE', 'a', 'b'])
  })
})

describe('deleting', () => {
  const ours = /^\d+\.log$/

  it('deletes files with our names in our directories', () => {
    makeDirSync(place('run'))
    for (const name of ['1.log', '2.log', 'notes.txt']) writeFileSync(path.join(dir, 'run', name), '')
    mkdirSync(path.join(dir, 'run', '3.log'))
    expect(removeFileSync({ place: place('run'), ours }, '1.log')).toBe(true)
    expect(removeFileSync({ place: place('run'), ours }, '1.log')).toBe(false)
    expect(() => removeFileSync({ place: place('run'), ours }, 'notes.txt')).toThrow('is not deleted')
    expect(removeDirSync({ place: place('run'), ours })).toBe(false)
    expect(readdirSync(path.join(dir, 'run')).sort()).toEqual(['3.log', 'HOPTRACE', 'notes.txt'])
  })

  it('deletes nothing in a directory without our marker, and nothing through a link', () => {
    mkdirSync(path.join(dir, 'theirs'))
    writeFileSync(path.join(dir, 'theirs', '1.log'), '')
    expect(() => makeDirSync(place('theirs'))).toThrow('is not ours')
    expect(() => removeDirSync({ place: place('theirs'), ours })).toThrow('nothing in it is deleted')
    makeDirSync(place('run'))
    writeFileSync(path.join(dir, 'run', '1.log'), '')
    symlinkSync(path.join(dir, 'run'), path.join(dir, 'link'))
    expect(() => removeFileSync({ place: place('link'), ours }, '1.log')).toThrow('nothing in it is deleted')
    expect(existsSync(path.join(dir, 'theirs', '1.log'))).toBe(true)
    expect(existsSync(path.join(dir, 'run', '1.log'))).toBe(true)
    expect(isMarkedSync(path.join(dir, 'link'))).toBe(false)
    expect(removeDirSync({ place: place('run'), ours })).toBe(true)
    expect(existsSync(path.join(dir, 'run'))).toBe(false)
  })
})

describe('the data directory', () => {
  it('is refused if others can write it, with a message that says what to do', () => {
    expect(whyNotDataDir(path.join(dir, 'not-there'))).toBeUndefined()
    expect(whyNotDataDir(dir)).toBeUndefined()
    chmodSync(dir, 0o1777)
    expect(whyNotDataDir(dir)).toContain('chmod go-w')
    if (process.getuid?.() !== 0) expect(whyNotDataDir('/etc')).toContain('belongs to user 0')
    else expect(whyNotDataDir('/dev/null')).toContain('is not a directory')
  })
})

describe('a directory that is shared with its group', () => {
  it('has modes for the group, whatever the umask, and is no data directory when others can write it', () => {
    const top = path.join(dir, 'shared')
    process.umask(0o077)
    shareWithGroup(top)
    makeDirSync({ dir: top, name: 'logs/orders' })
    writeNewSync({ dir: top, name: 'logs/orders/a' }, 'a')
    makeDirSync({ dir: path.join(dir, 'own'), name: 'logs' })
    const modeOf = (name: string): string => (statSync(path.join(dir, name)).mode & 0o7777).toString(8)
    const names = ['shared', 'shared/logs', 'shared/logs/orders', 'shared/logs/orders/a', 'own', 'own/logs']
    expect(names.map(modeOf)).toEqual(['2770', '2770', '2770', '660', '750', '750'])
    expect(whyNotDataDir(top)).toBeUndefined()
    chmodSync(top, 0o2772)
    expect(whyNotDataDir(top)).toContain('chmod o-w')
    chmodSync(path.join(dir, 'own'), 0o770)
    expect(whyNotDataDir(path.join(dir, 'own'))).toContain('chmod go-w')
  })
})
