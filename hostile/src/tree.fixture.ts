import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import path from 'node:path'

/** More of a file than this is not read: planted files have holes of gigabytes. */
const MOST_BYTES = 16 << 20

/**
 * Everything below a directory, one line each, by relative path: kind, mode, owner, size, time of change and a hash of the
 * content. Two equal lists are two equal trees, byte by byte. No link is followed and no special file is opened.
 */
export function treeOf(dir: string): readonly string[] {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort()
  return ['', ...names].map((name) => {
    const full = path.join(dir, name)
    const stat = lstatSync(full)
    const mode = (stat.mode & 0o7777).toString(8)
    return `${name} ${kindOf(stat)} ${mode} ${stat.uid}:${stat.gid} ${stat.mtimeMs} ${contentOf(full, stat)}`
  })
}

/** The lines that are in one list alone. */
export function changesOf(before: readonly string[], after: readonly string[]): readonly string[] {
  const was = new Set(before)
  const is = new Set(after)
  return [
    ...before.filter((line) => !is.has(line)).map((line) => `gone: ${line}`),
    ...after.filter((line) => !was.has(line)).map((line) => `new: ${line}`),
  ]
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return 'directory'
  if (stat.isSymbolicLink()) return 'link'
  if (stat.isFIFO()) return 'fifo'
  if (stat.isSocket()) return 'socket'
  return stat.isFile() ? 'file' : 'device'
}

function contentOf(full: string, stat: Stats): string {
  if (stat.isSymbolicLink()) return readlinkSync(full)
  if (!stat.isFile()) return ''
  if (stat.size > MOST_BYTES) return String(stat.size)
  return `${stat.size} ${createHash('sha256').update(readFileSync(full)).digest('hex')}`
}
