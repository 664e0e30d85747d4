import { execFile } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { RecordedChain, SERVICES, type Task, type TaskKind } from './chain.js'

const run = promisify(execFile)

/** The files that a chain of services left, and its requests. */
export interface Recording {
  /** The data directory as the services left it. No process changes it. */
  readonly master: string
  /** The data directory as it was earlier, oldest first. */
  readonly earlier: readonly string[]
  /** Where a copy has to be to be asked: the directory that the services knew. */
  readonly dataDir: string
  readonly tasks: readonly Task[]
  /** When it began and ended, in milliseconds since the epoch. */
  readonly from: number
  readonly to: number
}

/** Each customer has as many tasks. */
const CUSTOMERS = 3
const SETTLE_MILLIS = 1500
/** A run says this often in the registry how far its log goes. What it wrote since, nothing but its log vouches for. */
const HEARTBEAT_MILLIS = 2000

/**
 * Records real runs below `root`: records that were shipped, records that are only in logs, runs that were stopped in
 * order, runs that were killed with requests in their hands.
 */
export async function record(root: string): Promise<Recording> {
  const dataDir = path.join(root, 'data')
  const earlier: string[] = []
  const keep = async (name: string): Promise<string> => {
    const kept = path.join(root, name)
    await copyTree(dataDir, kept)
    return kept
  }
  const tasks: Task[] = []
  await mkdir(dataDir)
  const from = Date.now()
  const chain = await RecordedChain.start(dataDir)
  const send = async (kind: TaskKind): Promise<number> => {
    const task = { name: `task-${tasks.length}`, customer: `customer-${tasks.length % CUSTOMERS}`, kind }
    tasks.push(task)
    return chain.send(task)
  }
  const sendAll = async (kinds: readonly TaskKind[]): Promise<void> => {
    for (const kind of kinds) await send(kind)
  }
  try {
    await sendAll(['well', 'fails', 'well', 'well'])
    await chain.flush()
    earlier.push(await keep('earlier-1'))
    await sendAll(['well', 'fails', 'well', 'well'])
    await sleep(SETTLE_MILLIS)
    earlier.push(await keep('earlier-2'))
    // A run that was stopped in order, and another one of the same service.
    await chain.end('stock', 'SIGTERM')
    await chain.start('stock')
    await sendAll(['well', 'fails', 'well'])
    await chain.flush()
    earlier.push(await keep('earlier-3'))
    await sendAll(['well', 'fails', 'well', 'well'])
    await sleep(HEARTBEAT_MILLIS + SETTLE_MILLIS)
    // Two requests are in the hands of the process that is killed.
    const hanging = [send('hangs'), send('hangs')]
    await chain.hanging(hanging.length)
    await chain.end('stock', 'SIGKILL')
    await Promise.all(hanging)
    await chain.end('payments', 'SIGKILL')
    await chain.end('orders', 'SIGKILL')
    await chain.end('front', 'SIGTERM')
  } finally {
    await chain.kill()
  }
  return { master: await keep('master'), earlier, dataDir, tasks, from, to: Date.now() + 1 }
}

/** Makes `to` a copy of `from` with all its modes, times, links and socket files; what was there goes first. */
export async function copyTree(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true })
  await run('cp', ['-a', from, to])
}

/** The names of all recorded services. */
export const recordedServices: readonly string[] = SERVICES
