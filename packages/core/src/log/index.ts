export { FileHopLog } from './file-hop-log.js'

export { type LoggedRun, readRun } from './read-run.js'
export { listLogFiles, logFilePath } from '../rundir/run-dir.js'
