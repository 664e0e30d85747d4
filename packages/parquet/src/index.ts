export { HopFiles, type FileCounts } from './hop-files.js'
export { nextHour } from './partition.js'
