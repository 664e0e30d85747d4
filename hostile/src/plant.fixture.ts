import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** What is planted in place of a file of hoptrace. */
export type PlantedKind = 'link' | 'fifo' | 'device' | 'sparse' | 'directory'

const SPARSE_BYTES = 10 * 1024 ** 3

/**
 * Puts something else where a file is, or where one could be. A link leads to `target`. Devices take root.
 */
export function plant(kind: PlantedKind, file: string, target: string): void {
  rmSync(file, { recursive: true, force: true })
  mkdirSync(path.dirname(file), { recursive: true })
  switch (kind) {
    case 'link':
      return symlinkSync(target, file)
    case 'fifo':
      return void execFileSync('mkfifo', [file])
    case 'device':
      // /dev/zero: it never ends.
      return void execFileSync('mknod', [file, 'c', '1', '5'])
    case 'sparse':
      writeFileSync(file, '')
      return truncateSync(file, SPARSE_BYTES)
    case 'directory':
      mkdirSync(path.join(file, 'inside'), { recursive: true })
      return writeFileSync(path.join(file, 'inside', '00000001.log'), 'no log')
  }
}

/** The directories of the runs of a service. */
export function runDirsOf(dataDir: string, service: string): string[] {
  const dir = path.join(dataDir, 'logs', service)
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => path.join(dir, name))
    .sort()
}

/**
 * Files of a dead run of a service and of the data directory that others rely on: logs, journal, rows, the
 * store's files; and names that could be such files.
 */
export function placesToPlant(dataDir: string, service: string): string[] {
  const [run = ''] = runDirsOf(dataDir, service)
  const stores = path.join(dataDir, 'stores', service)
  const [storeFile = 'CURRENT'] = readdirSync(stores, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.\w+$/.test(name),
  )
  const logs = path.join(dataDir, 'logs')
  return [
    path.join(run, '00000002.log'),
    path.join(run, 'ship.journal'),
    path.join(run, 'lock'),
    path.join(run, 'owner-2.sock'),
    path.join(run, 'ask.json'),
    path.join(logs, service, '1795359600000000000-1-abcdef', '00000001.log'),
    path.join(logs, service, '1795359600000000001-1-abcdef'),
    path.join(logs, 'planted'),
    path.join(dataDir, 'registry', '127.0.0.1_9999-0-1795359600000000000.json'),
    path.join(stores, storeFile),
    path.join(stores, '0', 'HOLDER'),
  ]
}
