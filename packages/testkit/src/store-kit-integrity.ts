import type { Row, Store } from '@hoptrace/core/store'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { StoreSubject } from './store-kit-subject.js'

/** How many times the suite damages one file of a copy. */
const damages = Number(process.env['HOPTRACE_KIT_DAMAGES'] ?? 20)
const seed = Number(process.env['HOPTRACE_KIT_SEED'] ?? 1)

/**
 * If files of a store were changed, truncated, exchanged or lost, each answer is the right one or a
 * rejection.
 */
export function integritySuite(subject: StoreSubject): void {
  it('is never silent about damage', { timeout: 300_000 + damages * 2000 }, async () => {
    const ground = await subject.create()
    onTestFinished(() => ground.remove())
    const { files } = ground
    if (files === undefined) return
    const rows = await fill(() => ground.connect(), files.dir)
    const older = copyOf(files.dir)
    const all = [...rows, ...(await fill(() => ground.connect(), files.dir, rows.length))].sort(byKey)
    const wanted = digest(all)
    const random = generator(seed)
    const answers = { found: 0, rejected: 0 }
    for (let n = 0; n < damages; n++) {
      const copy = copyOf(files.dir)
      const what = damage(copy, older, random)
      const store = files.connect(copy)
      try {
        const questions = [all[0], all[Math.floor(random() * all.length)], all.at(-1)] as Row[]
        for (const [from, to, right] of [
          [Buffer.alloc(0), Buffer.from([255]), wanted] as const,
          ...questions.map(
            (row) => [row.key, Buffer.concat([row.key, Buffer.alloc(1)]), digest([row])] as const,
          ),
        ]) {
          const answer = await everything(store, from, to).catch((error: unknown) => error)
          if (Array.isArray(answer)) {
            answers.found++
            expect(digest(answer as Row[]), `seed ${seed}, ${n}: ${what}`).toBe(right)
          } else {
            answers.rejected++
            expect(answer, `seed ${seed}, ${n}: ${what}`).toMatchObject({
              code: expect.stringMatching(/^HOPTRACE_(STORE_UNAVAILABLE|BAD_SEGMENT)$/) as string,
            })
          }
        }
      } finally {
        await store.close()
        rmSync(copy, { recursive: true })
      }
    }
    expect(answers.rejected).toBeGreaterThan(damages / 2)
  })
}

/** Puts rows of all batch sizes through two stores on one ground: enough for several files of each kind. */
async function fill(connect: () => Store, _dir: string, first = 0): Promise<Row[]> {
  const stores = [connect(), connect()]
  const rows: Row[] = []
  try {
    for (let batch = 0; batch < 18; batch++) {
      const put = Array.from({ length: batch % 3 === 0 ? 400 : 3 }, (_, i): Row => {
        const number = first + rows.length + i
        return {
          key: Buffer.from(`${(number * 7919) % 100_003}`.padStart(6, '0')),
          value: Buffer.alloc(number % 8 === 0 ? 27_000 : 20, number),
        }
      })
      await (stores[batch % 2] as Store).put(put)
      rows.push(...put)
    }
  } finally {
    for (const store of stores) await store.close()
  }
  return rows
}

/** Damages one file, and returns a description. */
function damage(dir: string, older: string, random: () => number): string {
  const pick = (below: number): number => Math.floor(random() * below)
  const names = readdirSync(dir, { recursive: true })
    .map(String)
    .sort()
    .filter((name) => statSync(path.join(dir, name)).isFile() && statSync(path.join(dir, name)).size > 0)
    .filter((name) => !name.endsWith('HOPTRACE'))
  const name = names[pick(names.length)] as string
  const file = path.join(dir, name)
  const bytes = readFileSync(file)
  const at = pick(bytes.length)
  const length = Math.min(bytes.length - at, 1 + pick(5000))
  const ways: Record<string, () => Buffer | null> = {
    flip: () => {
      bytes[at] = (bytes[at] as number) ^ (1 << pick(8))
      return bytes
    },
    fill: () => bytes.fill(0, at, at + length),
    cut: () => bytes.subarray(0, at),
    'cut at the end': () => bytes.subarray(0, bytes.length - Math.min(bytes.length, length)),
    extend: () => Buffer.concat([bytes, bytes.subarray(at, at + length)]),
    swap: () => {
      const half = Math.floor(bytes.length / 2)
      const size = Math.min(half, length)
      const [from, to] = [pick(half - size + 1), half + pick(bytes.length - half - size + 1)]
      const moved = Buffer.from(bytes.subarray(from, from + size))
      bytes.copy(bytes, from, to, to + size)
      moved.copy(bytes, to)
      return bytes
    },
    'put an old copy back': () => {
      try {
        return readFileSync(path.join(older, name))
      } catch {
        return null
      }
    },
    'exchange with another': () => readFileSync(path.join(dir, names[pick(names.length)] as string)),
    delete: () => null,
  }
  const way = Object.keys(ways)[pick(Object.keys(ways).length)] as string
  const changed = (ways[way] as () => Buffer | null)()
  if (changed === null) rmSync(file)
  else writeFileSync(file, changed)
  return `${way} ${name} at ${at}, ${length} bytes`
}

async function everything(store: Store, from: Uint8Array, to: Uint8Array): Promise<Row[]> {
  const rows: Row[] = []
  for (let start = from; ;) {
    const page = await store.scan({ from: start, to, limit: 10_000 })
    rows.push(...page)
    const last = page.at(-1)
    if (last === undefined || page.length < 10_000) return rows
    start = Buffer.concat([last.key, Buffer.alloc(1)])
  }
}

function digest(rows: readonly Row[]): string {
  return rows.map(({ key, value }) => `${Buffer.from(key).toString()} ${value.length} ${value[0]}`).join('\n')
}

function byKey(a: Row, b: Row): number {
  return Buffer.compare(a.key, b.key)
}

function copyOf(dir: string): string {
  const copy = mkdtempSync(path.join(tmpdir(), 'hoptrace-kit-damage-'))
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }))
  // Sockets are not copied.
  cpSync(dir, copy, { recursive: true, filter: (file) => !file.endsWith('.sock') })
  return copy
}

/** A small generator, so that a failure can be repeated by its seed. */
function generator(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
