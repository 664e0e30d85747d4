import type { RunInfo } from '../rundir/run-info.js'
import type { Diagnostics } from '../base/diagnostics.js'
import type { Store } from '../store/contract.js'
import type { DroppedRange, Registry } from '../record/instance-row.js'

/** The log to ship, and the store to ship to. */
export interface ShipperOptions {
  readonly runDir: string
  /** The run of the log. Its address is known. */
  readonly run: RunInfo
  readonly store: Store
  readonly registry: Registry
  /** How long to wait for late records after the end of a window. */
  readonly graceMillis: number
  /** Records older than this are deleted, and rows of runs that have only such. @default never */
  readonly ttlSeconds?: number
  /** The most bytes of the service's rows in the store: the oldest windows are deleted. @default no limit */
  readonly maxBytes?: number
  readonly diagnostics?: Diagnostics
  /** What the run's log dropped and could not say yet. @default nothing */
  readonly unsaid?: () => DroppedRange | undefined
  /**
   * The run was shipped before, from another directory or by a thread that ended. Windows up to now may have
   * been cut, and the journal may lack the last cuts. @default false
   */
  readonly again?: boolean
  /**
   * Hops kept in memory while they wait; above it, the shipper cuts early, or stops reading while the store
   * is unavailable. @default 100000
   */
  readonly maxHops?: number
  /** @default 300 */
  readonly pollMillis?: number
  /** @default 2000 */
  readonly heartbeatMillis?: number
}

export type ShipperSettings = Required<Omit<ShipperOptions, 'ttlSeconds' | 'maxBytes'>> &
  Pick<ShipperOptions, 'ttlSeconds' | 'maxBytes'>

export function withDefaults(options: ShipperOptions): ShipperSettings {
  return {
    again: false,
    maxHops: 100_000,
    pollMillis: 300,
    heartbeatMillis: 2000,
    diagnostics: () => undefined,
    unsaid: () => undefined,
    ...options,
  }
}
