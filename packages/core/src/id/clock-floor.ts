import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Where a service keeps its logs; the file `clock` beside them has the time of its ids while that is ahead of the clock. */
interface Place {
  readonly dataDir: string
  readonly service: string
}

/** Ids this far ahead of the clock are noted. */
const aheadMillis = 1000

/**
 * The youngest trace of an earlier run of this service on this disk: ids go on above it when the clock was set back
 * between the runs. Files are stamped by the same clock that the ids came from.
 */
export function floorNanos({ dataDir, service }: Place): bigint {
  const logs = path.join(dataDir, 'logs', service)
  let newest = 0
  for (const dir of [path.join(dataDir, 'registry'), logs, ...subfolders(logs)]) {
    for (const name of names(dir)) newest = Math.max(newest, modifiedMillis(path.join(dir, name)))
  }
  return BigInt(Math.ceil(newest)) * 1_000_000n
}

/** Notes where ids are when the clock was set back under a run: its files are then stamped with less. Throws what the file system throws. */
export function noteClock({ dataDir, service }: Place, idNanos: bigint): void {
  const idMillis = Number(idNanos / 1_000_000n) + 1
  if (idMillis - Date.now() < aheadMillis) return
  const file = path.join(dataDir, 'logs', service, 'clock')
  if (modifiedMillis(file) >= idMillis) return
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, '')
  utimesSync(file, idMillis / 1000, idMillis / 1000)
}

function subfolders(dir: string): string[] {
  return names(dir).map((name) => path.join(dir, name))
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}

function modifiedMillis(file: string): number {
  try {
    return statSync(file).mtimeMs
  } catch {
    return 0
  }
}
