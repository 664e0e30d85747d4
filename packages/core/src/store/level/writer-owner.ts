import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { listDirSync, removeDirSync } from '../../files/index.js'
import { acquireRunDir, claimRunDir, type OwnedRun } from '../../rundir/index.js'
import { Unsettled } from './damage.js'
import { isNewborn } from './newborn.js'
import { isWriterName, newWriterName, ourWriterDir, storePlace } from './names.js'
import { WriterFiles } from './writer-files.js'
import { WriterView } from './writer-view.js'

/** A writer's directory that this thread owns, and its files. */
export interface OwnedWriter {
  readonly owned: OwnedRun
  readonly files: WriterFiles
  readonly view: WriterView
}

/** Takes over what a writer left whose process is gone, or makes a new one. */
export async function openWriter(dir: string): Promise<OwnedWriter> {
  for (const writer of writersOf(dir)) {
    const adopted = await adoptWriter(dir, writer)
    if (adopted !== undefined) return adopted
  }
  const writer = newWriterName()
  const owned = claimRunDir(path.join(dir, writer))
  try {
    const files = await WriterFiles.create(dir, writer)
    return { owned, files, view: new WriterView(dir, writer, undefined) }
  } catch (error) {
    owned.release()
    throw error
  }
}

/** Names of all writers. */
export function writersOf(dir: string): string[] {
  return listDirSync(storePlace(dir)).flatMap(({ name, kind }) =>
    kind === 'directory' && isWriterName(name) ? [name] : [],
  )
}

/** Undefined when its owner lives, and when it is damaged: then it stays as it is. */
export async function adoptWriter(dir: string, writer: string): Promise<OwnedWriter | undefined> {
  const owned = await acquireRunDir(path.join(dir, writer))
  if (owned === undefined) return undefined
  const view = new WriterView(dir, writer, undefined)
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        view.refresh()
        break
      } catch (error) {
        if (!(error instanceof Unsettled) || attempt > 2) throw error
        await sleep(5)
      }
    }
    const files = await WriterFiles.recover(view, view.counter)
    return { owned, files, view }
  } catch {
    view.close()
    removeNewborn(dir, writer)
    owned.release()
    return undefined
  }
}

/** A writer that ended before it put anything leaves nothing that counts. */
function removeNewborn(dir: string, writer: string): void {
  try {
    const headed = listDirSync(storePlace(dir)).some(({ name }) => name === `${writer}.head`)
    if (!headed && isNewborn(dir, writer)) removeDirSync(ourWriterDir(dir, writer))
  } catch {
    // It stays, and readers say what is wrong with it.
  }
}
