import { randomBytes } from 'node:crypto'
import path from 'node:path'
import type { OurDir, Place } from '../../files/index.js'

/**
 * A store is a directory. In it, each writer has a directory and a head:
 *
 * | | |
 * | --- | --- |
 * | `<writer>.head` | the end of the writer's data: generation of the manifest, size of the append file |
 * | `<writer>/manifest` | the valid files |
 * | `<writer>/<n>.append` | rows in the order of their puts |
 * | `<writer>/<n>.table` | rows in the order of their keys |
 * | `<writer>/owner-<n>.sock` | the owner |
 */
const writerPattern = /^w-[0-9a-f]{24}$/
const headPattern = /^(w-[0-9a-f]{24})\.head$/

/** Every name of a file that is made in a writer's directory. */
const ours =
  /^(?:manifest|\d{1,15}\.(?:append|table)|owner-\d{1,6}\.sock|\.[\w.-]{1,200}\.[0-9a-f]{16}\.(?:tmp|sock))$/

/** Files that a manifest names. */
export const dataFile = /^\d{1,15}\.(?:append|table)$/

/** The directory of a store. */
export function storePlace(dir: string): Place {
  return { dir: path.dirname(dir), name: path.basename(dir) }
}

export function newWriterName(): string {
  return `w-${Date.now().toString(16).padStart(12, '0')}${randomBytes(6).toString('hex')}`
}

export function isWriterName(name: string): boolean {
  return writerPattern.test(name)
}

/** The writer whose head has this name. */
export function writerOfHead(name: string): string | undefined {
  return headPattern.exec(name)?.[1]
}

export function headPlace(dir: string, writer: string): Place {
  return { dir, name: `${writer}.head` }
}

export function manifestPlace(dir: string, writer: string): Place {
  return { dir, name: `${writer}/manifest` }
}

export function filePlace(dir: string, writer: string, number: number, kind: 'append' | 'table'): Place {
  return { dir, name: `${writer}/${number}.${kind}` }
}

/** A writer's directory for its owner. */
export function ourWriterDir(dir: string, writer: string): OurDir {
  return { place: { dir, name: writer }, ours }
}
