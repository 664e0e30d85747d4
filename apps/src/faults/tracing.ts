import type { AxiosInstance } from 'axios'
import type { StoreSpec, Tracer } from '@hoptrace/core'

/** How a service of the harness is traced. */
export interface Tracing {
  /** For the adapters of the frameworks; undefined where another tracer needs none. */
  readonly tracer: Tracer | undefined
  readonly http: AxiosInstance
  /** Says which request the current hop, or span, belongs to. */
  name(request: string): void
  close(): Promise<void>
}

/** What it is made from. */
export interface TracingSettings {
  readonly service: string
  readonly dataDir: string
  /** Undefined: the one that it has by default, or one that can be made slow if it is `fragile`. */
  readonly store: StoreSpec | undefined
  readonly fragile: boolean
  readonly timeoutMillis: number
  readonly otlpUrl: string
}
