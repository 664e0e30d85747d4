import type { IdGenerator } from '../id/index.js'
import type { HopLog } from '../log/entries.js'
import type { WireRules } from '../propagation/index.js'
import type { Redaction } from './redaction.js'
import type { Targets } from './targets.js'

/** What hops and calls need of the run that they belong to. */
export interface HopHost {
  readonly service: string
  readonly log: HopLog
  readonly ids: IdGenerator
  readonly wire: WireRules
  readonly redaction: Redaction
  /** An adapter or the application gave something that could not be recorded; counted. */
  failed(): void
  /** The services known at the called targets. */
  readonly targets: Targets
}
