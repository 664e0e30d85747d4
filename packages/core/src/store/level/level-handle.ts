import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ClassicLevel } from 'classic-level'
import { HoptraceError } from '../../errors.js'
import { claimForThread, releaseClaim, removeOldClaims } from './thread-claim.js'

/** An open LevelDB directory that several stores of this process share. */
export interface LevelHandle {
  readonly db: ClassicLevel<Uint8Array, Uint8Array>
  /** The last one closes it. */
  release(): Promise<void>
}

interface Shared {
  users: number
  readonly db: Promise<ClassicLevel<Uint8Array, Uint8Array>>
  closing: Promise<void> | undefined
}

const open = new Map<string, Shared>()

/** Says who has the directory open; LevelDB itself passes over a file that it does not know. */
const holderFile = 'HOLDER'

/** Opens a directory, made if need be; an error is a `HoptraceError`, `HOPTRACE_STORE_LOCKED` when another process has it. */
export async function openLevel(dir: string): Promise<LevelHandle> {
  let shared = open.get(dir)
  while (shared?.closing !== undefined) {
    await shared.closing
    shared = open.get(dir)
  }
  if (shared === undefined) {
    shared = { users: 0, db: connect(dir), closing: undefined }
    open.set(dir, shared)
  }
  const mine = shared
  mine.users++
  try {
    const db = await mine.db
    return { db, release: () => release(dir, mine) }
  } catch (error) {
    if (open.get(dir) === mine) open.delete(dir)
    throw error
  }
}

async function release(dir: string, shared: Shared): Promise<void> {
  if (--shared.users > 0) return
  shared.closing = shared.db
    .then((db) => db.close())
    .then(() => releaseClaim(dir))
    .finally(() => {
      if (open.get(dir) === shared) open.delete(dir)
    })
  await shared.closing
}

async function connect(dir: string): Promise<ClassicLevel<Uint8Array, Uint8Array>> {
  // Loaded here, as it is native code that a service with another store does not need.
  const { ClassicLevel } = await import('classic-level')
  let claimed = false
  try {
    await mkdir(dir, { recursive: true })
    claimed = claimForThread(dir)
    if (!claimed) throw Object.assign(new Error('another thread has it'), { code: 'LEVEL_LOCKED' })
    const db = new ClassicLevel<Uint8Array, Uint8Array>(dir, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      // Segments are compressed already.
      compression: false,
      writeBufferSize: 8 * 1024 * 1024,
    })
    await db.open()
    removeOldClaims(dir)
    await writeFile(
      path.join(dir, holderFile),
      `process ${process.pid} since ${new Date().toISOString()}\n`,
    ).catch(() => undefined)
    return db
  } catch (cause) {
    if (claimed) releaseClaim(dir)
    if (!isLocked(cause))
      throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `cannot open level:${dir}: ${reason(cause)}`, {
        cause,
      })
    throw new HoptraceError(
      'HOPTRACE_STORE_LOCKED',
      `level:${dir} is open in ${await holder(dir)}; ask that service (resolve with --recursive), or stop it first`,
      { cause },
    )
  }
}

function isLocked(error: unknown): boolean {
  return reasons(error).some((cause) => (cause as { code?: unknown }).code === 'LEVEL_LOCKED')
}

function reason(error: unknown): string {
  return (
    reasons(error)
      .map((cause) => cause.message)
      .at(-1) ?? String(error)
  )
}

function reasons(error: unknown): Error[] {
  return error instanceof Error ? [error, ...reasons(error.cause)] : []
}

async function holder(dir: string): Promise<string> {
  const text = await readFile(path.join(dir, holderFile), 'utf8').catch(() => '')
  return /^process \d{1,10} since [0-9TZ:.-]{1,30}/.exec(text)?.[0] ?? 'another process'
}
