import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../random.js'
import { mutateFile, MUTATIONS } from './mutate.js'

let root = ''
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'hoptrace-mutate-'))
  mkdirSync(path.join(root, 'data'))
  mkdirSync(path.join(root, 'earlier'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Damages a file that holds `content`; returns what is left of it. */
function damaged(
  content: Uint8Array,
  mutation: (typeof MUTATIONS)[number],
  seed: number,
): Buffer | undefined {
  const file = path.join(root, 'data', 'file')
  writeFileSync(file, content)
  writeFileSync(path.join(root, 'earlier', 'file'), content.subarray(0, content.length >> 1))
  const dirs = [path.join(root, 'earlier')]
  const words = mutateFile(path.join(root, 'data'), 'file', mutation, seededRandom(seed), dirs)
  if (words === undefined) return undefined
  return mutation === 'remove' ? Buffer.of() : readFileSync(file)
}

describe('a mutation', () => {
  it('changes the file or says that it does not, and does the same for the same seed', () => {
    const random = seededRandom(1)
    for (let seed = 0; seed < 40; seed++) {
      const content = Uint8Array.from({ length: Math.floor(random() * 2000) }, () =>
        Math.floor(random() * 256),
      )
      for (const mutation of MUTATIONS) {
        const once = damaged(content, mutation, seed)
        expect(damaged(content, mutation, seed)?.toString('hex')).toBe(once?.toString('hex'))
        if (once !== undefined && mutation !== 'remove') expect(once.equals(content)).toBe(false)
      }
    }
  })

  it('hits what was written of a file that is longer than what was written', () => {
    const content = Buffer.concat([
      Buffer.from('something that was written'),
      Buffer.alloc(60_000, 'abcdefgh'),
    ])
    for (let seed = 0; seed < 50; seed++) {
      const after = damaged(content, 'flip', seed) as Buffer
      expect(after.findIndex((byte, index) => byte !== content[index])).toBeLessThan(40)
    }
  })
})
