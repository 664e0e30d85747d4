import type { RunInfo } from '../rundir/run-info.js'
import type { Diagnostics } from '../base/diagnostics.js'
import { type Access, shareWithGroup, whyNotDataDir } from '../files/index.js'
import { HoptraceError } from '../base/errors.js'
import { textOf } from '../base/message.js'
import { type AskersKeys, keysHere } from '../key/index.js'
import { readRunHeader } from '../log/read-run.js'
import { runLiveness } from '../log/run-liveness.js'
import { listLogFiles } from '../rundir/run-dir.js'
import { acquireRunDir, deleteRunDir, listRunDirs, logDirOf, type OwnedRun } from '../rundir/index.js'
import type { Store } from '../store/contract.js'
import type { InstanceRow, Registry } from '../record/instance-row.js'
import { clusterRegistry } from '../store/registry/cluster-registry.js'
import { composedRegistry } from '../store/registry/composed-registry.js'
import { openRunStore } from '../store/spec-url.js'
import { failedAgain, readFailedRun, writeFailedRun } from '../rundir/failed-run.js'
import { adoptedLines } from './adopted-lines.js'
import { type RecoveredRun, recoverRun } from './recover-run.js'

export interface AdoptOptions {
  readonly dataDir: string
  /** As the services of the directory have it. @default 'owner' */
  readonly access?: Access
  /** Only runs of this service. @default all */
  readonly service?: string
  /** Registers ended runs. Runs that ship to a server are registered in that server's registry too. */
  readonly registry: Registry
  /**
   * Sign the rows in the registry of a cluster. @default those of `HOPTRACE_KEY`, or of the key that the data
   * directory keeps
   */
  readonly keys?: AskersKeys
  /**
   * Makes the store of a run; the adopter opens and closes it. @default the store that the log names, if the
   * log is signed
   * @param signed A process with the key signed the log's header, so the store that it names may be opened.
   */
  readonly openStore?: (run: RunInfo, signed: boolean) => Store | Promise<Store>
  readonly diagnostics?: Diagnostics
  /** Runs to skip now. @default none */
  readonly passOver?: (runDir: string) => boolean
  /** The clock for the pauses between two attempts at one run. @default Date.now */
  readonly nowMillis?: () => number
  /** When it aborts, no further run is begun. */
  readonly signal?: AbortSignal
}

export interface AdoptReport {
  readonly adopted: readonly RecoveredRun[]
  /** Dead runs that were left unchanged: nothing of them is lost, and they can be retried. */
  readonly left: readonly { readonly runDir: string; readonly reason: string }[]
}

/**
 * Ships the logs of dead runs. Skips runs that are alive or being shipped by another process. Never rejects
 * for a run that fails: the report says why it was left, and so does a file in its directory. Resolvers read
 * its log as before.
 * @throws TypeError if the data directory belongs to another user, or other users can write it: new files
 * would belong to this user, and the services could not read them.
 */
export async function shipDeadRuns(options: AdoptOptions): Promise<AdoptReport> {
  if (options.access === 'group') shareWithGroup(options.dataDir)
  const reason = whyNotDataDir(options.dataDir)
  if (reason !== undefined) throw new TypeError(`nothing is shipped: ${reason}`)
  const adopted: RecoveredRun[] = []
  const left: { runDir: string; reason: string }[] = []
  for (const runDir of await listRunDirs(options.dataDir, options.service)) {
    if (options.signal?.aborted === true) break
    if (options.passOver?.(runDir) === true) continue
    try {
      const recovered = await adopt(runDir, options)
      if (recovered !== undefined) adopted.push(recovered)
    } catch (error) {
      left.push({ runDir, reason: textOf(error) })
    }
  }
  for (const line of adoptedLines(adopted)) options.diagnostics?.('HOPTRACE_ADOPTED', line)
  return { adopted, left }
}

/** The recovered run, or undefined if it is alive or had nothing to ship. */
async function adopt(runDir: string, options: AdoptOptions): Promise<RecoveredRun | undefined> {
  const bootOf = async (): Promise<string | undefined> => (await rowOf(runDir, options.registry))?.boot
  if ((await runLiveness(runDir, bootOf)) !== 'dead') return undefined
  const owned = await acquireRunDir(runDir, { silent: true })
  if (owned === undefined) return undefined
  try {
    // Until it was acquired, another process may have tried.
    if (options.passOver?.(runDir) === true) return undefined
    return await ship(owned, options)
  } catch (error) {
    sayFailed(owned, error, (options.nowMillis ?? Date.now)())
    throw error
  } finally {
    owned.release()
  }
}

/** Other processes leave the run alone for a while. */
function sayFailed(owned: OwnedRun, error: unknown, nowMillis: number): void {
  try {
    const { runDir } = owned
    if (owned.held()) writeFailedRun(runDir, failedAgain(readFailedRun(runDir), error, nowMillis))
  } catch {
    // The disk refuses: each process counts its own tries.
  }
}

async function ship(owned: OwnedRun, options: AdoptOptions): Promise<RecoveredRun | undefined> {
  const { runDir } = owned
  const header = readRunHeader(runDir)
  if (header === undefined) {
    if (listLogFiles(runDir).length > 0)
      throw new HoptraceError('HOPTRACE_BAD_LOG', 'its log has no header that names the run')
    // Its run never began to write, or its deletion was cut short.
    await registerEnded(runDir, options.registry)
    deleteRunDir(owned)
    return undefined
  }
  const { run, text, mac } = header
  const { registry, dataDir } = options
  const asked = (options.keys ?? keysHere(dataDir))()
  const signed = asked?.mac('log', text) === mac
  const openStore = options.openStore ?? ((named: RunInfo) => openSigned(named, signed, dataDir))
  const store = await openStore(run, signed)
  const cluster = signed ? clusterRegistry(run, dataDir, options.keys) : undefined
  try {
    await store.open()
    return await recoverRun(
      owned,
      store,
      cluster === undefined ? registry : composedRegistry([registry, cluster]),
    )
  } finally {
    await store.close()
    await cluster?.close()
  }
}

/** The store that a log names. Throws `HOPTRACE_FORBIDDEN` if no process with the key signed the log. */
export function openSigned(run: RunInfo, signed: boolean, dataDir: string): Store {
  if (signed) return openRunStore(run, dataDir)
  throw new HoptraceError(
    'HOPTRACE_FORBIDDEN',
    `its log is not signed with the key in use here: ${run.storeUrl} is not opened; set HOPTRACE_KEY as its service had it`,
  )
}

/**
 * A run may be killed between its first registry row and its first log entry. Then only this registers its
 * end.
 */
async function registerEnded(runDir: string, registry: Registry): Promise<void> {
  const row = await rowOf(runDir, registry)
  if (row?.state !== 'running') return
  // Of a run that logged nothing, the store may never have been made.
  await registry.put({ ...row, stores: row.loggedThrough[0] === 0 ? [] : row.stores, state: 'dead' })
}

async function rowOf(runDir: string, registry: Registry): Promise<InstanceRow | undefined> {
  return (await registry.list()).rows.find(({ logDir }) => logDir === logDirOf(runDir))
}
