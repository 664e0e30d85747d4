import type { IdGenerator } from '../id/index.js'
import type { HopLog } from '../log/entries.js'
import type { Hop } from './hop.js'
import type { WireRules } from '../propagation/index.js'
import type { Redaction } from './redaction.js'
import type { Targets } from './targets.js'

/** What a hop needs of the run that it belongs to. */
export interface HopHost {
  readonly service: string
  readonly log: HopLog
  readonly ids: IdGenerator
  readonly wire: WireRules
  readonly redaction: Redaction
  opened(hop: Hop): void
  closed(hop: Hop): void
  /** An adapter or the application gave something that could not be recorded; counted. */
  failed(): void
  /** What is known of those behind the targets that are called. */
  readonly targets: Targets
}
