import type { ShipStats } from '../ship/ship-stats.js'
import type { RunInfo } from '../rundir/run-info.js'
import type { Settings } from '../settings/options.js'

/** What the worker is started with: settings that can be copied between threads. */
export interface WorkerData {
  readonly settings: WorkerSettings
  readonly runDir: string
  /** A worker before this one has shipped the run. */
  readonly again: boolean
  /** What both threads can read at any time: a `SharedState`. */
  readonly memory: SharedArrayBuffer
}

/** The request thread keeps what is a function: the worker never decides about trust. */
export type WorkerSettings = Omit<Settings, 'trust' | 'redact'>

/** From the request thread to the worker. Every `id` is answered once. */
export type ToWorker =
  | { readonly type: 'start' | 'describe'; readonly run: RunInfo }
  | { readonly type: 'turn' }
  | { readonly type: 'flush' | 'close' | 'swept'; readonly id: number }
  | { readonly type: 'relocated'; readonly runDir: string }

/** From the worker to the request thread. `sweep` asks that every open hop be in the log. */
export type FromWorker =
  | {
      readonly type: 'done'
      readonly id: number
      readonly error?: { readonly code: string; readonly message: string }
    }
  | { readonly type: 'sweep'; readonly id: number }
  | { readonly type: 'stats'; readonly stats: ShipStats }
  | { readonly type: 'warning'; readonly code: string; readonly message: string }
