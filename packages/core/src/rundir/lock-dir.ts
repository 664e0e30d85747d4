import { once } from 'node:events'
import { connect } from 'node:net'
import { lstatSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { HoptraceError } from '../base/errors.js'
import { errorCode, linkNewSync, listDirSync, pathOf, type Place } from '../files/index.js'
import { heldSocketPath } from './ask-socket.js'
import { listenNow, probeSocket } from './socket.js'

/*
 * A lock on a directory, as on the directory of a run: its owner listens on a socket `lock-<n>.sock`. A process that finds no living owner
 * takes the next number. So the lock ends with its process, however that dies, a stopped process keeps it, and a reused pid means nothing.
 */

/** A directory that no other process of this host locks. */
export interface DirLock {
  /** Safe to call twice. */
  release(): void
}

const lockName = /^lock-(\d{1,6})\.sock$/
/** A living process answers at once; a stopped one does not. */
const answerMillis = 1000

/**
 * Locks a directory, which is there, for this process. Rejects with `HOPTRACE_STORE_LOCKED`, which names the owner's pid, or with file
 * system errors. On a system without sockets there is no lock.
 */
export async function lockDir(place: Place): Promise<DirLock> {
  const dir = pathOf(place)
  for (;;) {
    const owner = await livingOwner(place, Infinity)
    if (owner !== undefined) throw locked(owner.pid)
    const number = Math.max(0, ...numbersIn(place)) + 1
    const listening = listenNow(dir, (socket) => socket.end(String(process.pid)))
    if (listening === undefined) {
      // Not for the reason that the directory was removed.
      lstatSync(dir)
      return { release: () => undefined }
    }
    const file = path.join(dir, nameOf(number))
    try {
      linkNewSync(within(place, listening.name), within(place, nameOf(number)))
    } catch (error) {
      listening.server.close()
      // Another process was faster.
      if (errorCode(error) !== 'EEXIST') throw error
      continue
    } finally {
      unlinkQuietly(path.join(dir, listening.name))
    }
    const release = (): void => {
      unlinkQuietly(file)
      listening.server.close()
    }
    // It may have found no socket between the look at the highest number and now.
    const faster = await livingOwner(place, number)
    if (faster !== undefined) {
      release()
      throw locked(faster.pid)
    }
    for (const left of numbersIn(place)) if (left < number) unlinkQuietly(path.join(dir, nameOf(left)))
    return { release }
  }
}

/** The process that listens on a socket with a number below `below`, if one does. */
async function livingOwner(
  place: Place,
  below: number,
): Promise<{ readonly pid: string | undefined } | undefined> {
  const dir = pathOf(place)
  for (const number of numbersIn(place).filter((one) => one < below)) {
    const state = await probeSocket(dir, nameOf(number))
    if (state === 'alive') return { pid: await pidAt(dir, nameOf(number)) }
    // Of another user, for example. One that is gone by now was released.
    if (state === 'unknown' && numbersIn(place).includes(number)) return { pid: undefined }
  }
  return undefined
}

async function pidAt(dir: string, name: string): Promise<string | undefined> {
  const { path: file, release } = heldSocketPath(dir, name)
  const socket = connect({ path: file })
  try {
    const [pid] = (await once(socket, 'data', { signal: AbortSignal.timeout(answerMillis) })) as [Buffer]
    return /^\d{1,10}$/.exec(pid.toString('latin1'))?.[0]
  } catch {
    return undefined
  } finally {
    socket.destroy()
    release()
  }
}

function locked(pid: string | undefined): HoptraceError {
  const owner = pid === undefined ? 'another process, which does not answer,' : `process ${pid}`
  return new HoptraceError('HOPTRACE_STORE_LOCKED', `${owner} is at work there`)
}

function within({ dir, name }: Place, file: string): Place {
  return { dir, name: `${name}/${file}` }
}

function numbersIn(place: Place): number[] {
  return listDirSync(place).flatMap(({ name }) => {
    const number = lockName.exec(name)?.[1]
    return number === undefined ? [] : [Number(number)]
  })
}

function nameOf(number: number): string {
  return `lock-${number}.sock`
}

function unlinkQuietly(file: string): void {
  try {
    unlinkSync(file)
  } catch {
    // Closing the socket has removed the file.
  }
}
