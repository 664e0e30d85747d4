import { isError } from '../../base/is-error.js'
import { HoptraceError } from '../../base/errors.js'
import type { HopId } from '../../id/types.js'
import { foldVersions } from '../../record/fold.js'
import type { InstanceRow } from '../../record/instance-row.js'
import type { AliasHit } from '../../store/reader.js'
import type { Lookup } from '../../record/lookup.js'
import type { Patience } from '../patience.js'
import { messageOf } from '../../base/message.js'
import type { Reads } from '../walk/reads.js'
import type { Errand, Told, TraceSource } from '../walk/source.js'
import { aliasesInLog, lookupInLog, type LogSource, type LogView } from './log-source.js'
import type { LiveSource } from './live-source.js'
import { absentInStores, earliest, type StoreSource } from './store-source.js'

/** The three places where a record may be. Each may be missing. */
export interface Places {
  readonly live: LiveSource | null
  readonly log: LogSource | null
  readonly store: StoreSource | null
  /** Bounds how long stores are waited for. */
  readonly patience: Patience
}

/**
 * Asks the live instance where it answers, and otherwise reads what it left: its log and its store together, because what
 * is shipped leaves the log.
 */
export function traceSource({ live, log, store, patience }: Places): TraceSource {
  const inStores = async (
    row: InstanceRow,
    id: HopId,
    reads: Reads,
    signal: AbortSignal,
  ): Promise<Lookup> => {
    if (store === null) throw unavailable(row)
    return patience.within(row.stores.join(' '), () => store.lookup(row, id, reads, signal))
  }
  const left = async (row: InstanceRow, id: HopId, reads: Reads, signal: AbortSignal): Promise<Lookup> => {
    let view: LogView | undefined
    let logFailure: unknown
    try {
      view = await log?.view(row, reads, signal)
    } catch (error) {
      signal.throwIfAborted()
      logFailure = error
    }
    const logged = view === undefined ? undefined : lookupInLog(view, row, id)
    if (logged?.kind === 'found' && logged.record.state === 'closed') return logged
    if (view?.whole === true && logged !== undefined) return logged
    if (store === null || row.stores.length === 0) {
      // A run that has shipped nothing yet: its log is all there is.
      if (logged !== undefined) return logged
      if (isError(logFailure)) throw logFailure
      // It ended without a log, as the process says that registered its end.
      if (row.state !== 'running') return absentInStores(row, id)
      throw unavailable(row)
    }
    let stored: Lookup
    try {
      stored = await inStores(row, id, reads, signal)
    } catch (error) {
      if (logged?.kind === 'found') return logged
      throw error
    }
    if (logged !== undefined) return both(logged, stored)
    if (stored.kind === 'found' && stored.record.state === 'closed') return stored
    if (logFailure !== undefined) {
      throw new HoptraceError('HOPTRACE_BAD_LOG', messageOf(logFailure), { cause: logFailure })
    }
    return stored
  }
  return {
    lookup: async (row, id, reads, signal, errand?: Errand): Promise<Told> => {
      if (live !== null && row.state === 'running') {
        const told = await live.lookup(row, id, reads, signal, errand)
        if (told !== undefined) return told
      }
      return { lookup: await left(row, id, reads, signal) }
    },
    aliases: async (rows, id, reads, signal, anew = false) => {
      if (signal.aborted) return []
      const living = live !== null && anew ? rows.filter(({ state }) => state === 'running') : []
      const told = await Promise.allSettled(
        living.map(async (row): Promise<readonly AliasHit[]> => {
          const hopIds = (await live?.aliases(row, id, reads, signal)) ?? []
          return hopIds.map((hopId) => ({ hopId, startNanos: row.startNanos }))
        }),
      )
      // Live instances know their own aliases: those that answered did so for them, too.
      const silent = rows.filter((row) => live === null || !live.answered(row))
      const viewOf = async (row: InstanceRow): Promise<LogView | undefined> => log?.view(row, reads, signal)
      // A store also leads to hops of other runs, so it is read where the logs of these are whole, too.
      const stored = async (): Promise<readonly AliasHit[]> => {
        const urls = [...new Set(silent.flatMap(({ stores }) => stores))]
        if (store === null || urls.length === 0) return []
        try {
          return await patience.within(urls.join(' '), () => store.aliases(silent, id, reads))
        } catch (error) {
          const storing = silent.filter(({ stores }) => stores.length > 0)
          if (await log?.haveAll(storing, reads, signal)) return []
          throw error
        }
      }
      // What a run has not shipped yet is in its log alone.
      const logged = async (row: InstanceRow): Promise<readonly AliasHit[]> => {
        const view = await viewOf(row)
        if (view === undefined && row.state === 'running' && row.stores.length === 0) throw unavailable(row)
        const hopIds = view === undefined ? [] : aliasesInLog(view, id)
        return hopIds.map((hopId) => ({ hopId, startNanos: row.startNanos }))
      }
      const left = await Promise.allSettled([stored(), ...(anew ? silent.map(logged) : [])])
      return earliest([...told, ...left])
    },
  }
}

function unavailable(row: InstanceRow): HoptraceError {
  return new HoptraceError('HOPTRACE_INSTANCE_UNAVAILABLE', `${row.service} ${row.address} does not answer`)
}

/** What log and store say together: each knows what the other may have lost sight of. */
function both(logged: Lookup, stored: Lookup): Lookup {
  if (logged.kind === 'found') {
    if (stored.kind === 'absent') return logged
    const record = foldVersions(logged.record, stored.record)
    return { ...logged, record, source: record === stored.record ? 'store' : 'log' }
  }
  if (stored.kind === 'found') return stored
  return {
    kind: 'absent',
    throughNanos: logged.throughNanos > stored.throughNanos ? logged.throughNanos : stored.throughNanos,
    final: logged.final || stored.final,
    dropped: logged.dropped || stored.dropped,
    source: 'log',
    ...(logged.aliveNanos === undefined ? {} : { aliveNanos: logged.aliveNanos }),
    ...(logged.damage === undefined ? {} : { damage: logged.damage }),
  }
}
