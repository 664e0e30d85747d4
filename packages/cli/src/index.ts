export { formatDuration, instanceView, type InstanceView } from '@hoptrace/ui/model'
export type {
  Answer,
  CallView,
  EventView,
  HopErrorView,
  HopPlace,
  HopView,
  ProgressView,
  ReadsView,
  VerdictName,
} from './answer.js'
export { EXIT, verdictExit } from './exit-codes.js'
export { formatError } from './format-error.js'
export { callHead, hopDetails, hopHead } from './format-hop.js'
export { formatInstances } from './format-instances.js'
export { formatEvent, formatProgress, formatState } from './format-progress.js'
export { formatRangeLine } from './format-range.js'
export { formatTable, type Cell } from './format-table.js'
export { formatBytes } from './format-units.js'
export { formatVerdict, verdictSentence } from './format-verdict.js'
export { formatAnswer, formatWalk } from './format-walk.js'
export { openResolver, type AskOptions } from './open-resolver.js'
export { createOutput, type Output } from './output.js'
export { createPaint, plain, wantsColours, type Paint } from './paint.js'
export { runCommand, type Surroundings } from './run-command.js'
export { createStatusLine, type StatusLine } from './status-line.js'
