import type { AskOptions } from '@hoptrace/cli'
import type { AdoptReport, FindHit, HopJson, ResolveResult } from '@hoptrace/core'

/** What a request was answered. */
export interface Got {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** The part of a range that could be read. */
export interface Ranged {
  readonly hops: readonly HopJson[]
  /** Why it is not whole, null when it is. */
  readonly missing: string | null
}

/** An answer and its warnings. */
export interface Resolved extends ResolveResult {
  readonly warnings: readonly string[]
}

/** The questions that the process on the asking host takes. Options without a key take the one of its environment. */
export interface Orders {
  readonly get: (url: string) => Promise<Got>
  readonly resolve: (subject: string, where: AskOptions) => Promise<Resolved>
  readonly find: (key: string, value: string, where: AskOptions) => Promise<readonly FindHit[]>
  readonly range: (service: string, where: AskOptions) => Promise<Ranged>
  readonly ship: (dataDir: string, stores: readonly string[]) => Promise<AdoptReport>
}
