export { type AdoptOptions, type AdoptReport, shipDeadRuns } from './adopt.js'
