export { type AdoptOptions, type AdoptReport, shipDeadRuns } from './adopt.js'
export type { RecoveredRun } from './recover-run.js'
export { Shipper } from './shipper.js'
export type { ShipperOptions } from './shipper-options.js'
