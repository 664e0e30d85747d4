import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { InstanceRow, Registry } from '../instance-row.js'
import { rowFromJson, rowLimits, rowToJson } from './check-row.js'
import { removeLeftovers, temporaryName } from './temporary-files.js'

/** A registry of files; `skipped` counts files of the last `list` that are no rows. */
export interface FileRegistry extends Registry {
  readonly skipped: number
}

const filePattern = /^[\w.-]{1,120}\.json$/

/** Most rows that are read. */
const maxFiles = 20_000

/**
 * One JSON file for each instance run in `<dataDir>/registry/`, replaced by a rename, so that it is read without a lock and
 * never half; what a killed process left half written goes with the first `put` of another. Only for processes of one host (or one shared directory).
 * @param options.keepMillis How long a row of a run that has ended and is shipped is kept after its last heartbeat: no shorter
 * than its records are, as they are found through it. Default: for ever.
 */
export function fileRegistry(dataDir: string, options: { readonly keepMillis?: number } = {}): FileRegistry {
  const dir = path.resolve(dataDir, 'registry')
  const { keepMillis = Infinity } = options
  let skipped = 0
  let cleaned = false
  return {
    name: dir,
    get skipped() {
      return skipped
    },

    async list() {
      const rows: InstanceRow[] = []
      let bad = 0
      const names = (await existing(readdir(dir))) ?? []
      for (const name of names.filter((name) => name.endsWith('.json')).slice(0, maxFiles)) {
        const text = filePattern.test(name) ? await existing(readBounded(path.join(dir, name))) : ''
        if (text === undefined) continue
        const row = rowFromJson(text)
        if (row === undefined || fileName(row) !== name) bad++
        else if (row.state === 'running' || row.heartbeatMillis + keepMillis > Date.now()) rows.push(row)
        else await rm(path.join(dir, name), { force: true })
      }
      skipped = bad
      return rows
    },

    async put(row) {
      const text = rowToJson(row)
      if (rowFromJson(text) === undefined) throw new TypeError(`not an instance row: ${text.slice(0, 500)}`)
      await mkdir(dir, { recursive: true })
      const temporary = path.join(dir, temporaryName())
      await writeFile(temporary, text)
      await rename(temporary, path.join(dir, fileName(row)))
      if (cleaned) return
      cleaned = true
      await removeLeftovers(dir).catch(() => undefined)
    },

    async close() {},
  }
}

/**
 * The same at once, without waiting: for the moment before a run's first hop. Until a run is registered, whoever asks takes
 * its address for that of an earlier run, or of nobody. Throws what the file system throws.
 */
export function registerNow(dataDir: string, row: InstanceRow): void {
  const dir = path.resolve(dataDir, 'registry')
  mkdirSync(dir, { recursive: true })
  const temporary = path.join(dir, temporaryName())
  writeFileSync(temporary, rowToJson(row))
  renameSync(temporary, path.join(dir, fileName(row)))
}

function fileName({ address, worker, startNanos }: InstanceRow): string {
  return `${address.replace(':', '_')}-${worker}-${startNanos}.json`
}

/** The file's text; '' when it is too large to be a row. */
async function readBounded(file: string): Promise<string> {
  await using handle = await open(file)
  const buffer = Buffer.alloc(rowLimits.bytes + 1)
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
  return bytesRead > rowLimits.bytes ? '' : buffer.toString('utf8', 0, bytesRead)
}

/** Undefined for a file or directory that is not there (any more). */
async function existing<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
