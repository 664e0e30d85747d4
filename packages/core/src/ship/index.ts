export { type AdoptOptions, type AdoptReport, DeadRunWatch, shipDeadRuns } from './adopt.js'
export { isRunAlive, listRunDirs } from './dead-runs.js'
export type { RecoveredRun } from './recover-run.js'
export { Shipper, type ShipperOptions } from './shipper.js'
