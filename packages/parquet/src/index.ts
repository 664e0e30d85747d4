export { HopFiles, type FileCounts } from './hop-files.js'
