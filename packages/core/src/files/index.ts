/** Opening, making and deleting files: everything on disk goes through here. */
export { checkParents, pathOf, type Place, placeOf } from './beneath.js'
export {
  closeFileSync,
  closeSync,
  existsSync,
  fstatSync,
  fsync,
  ftruncateSync,
  modifiedMillisSync,
  readAtSync,
  readSync,
  sizeOfSync,
} from './descriptor.js'
export { type Entry, listDir, listDirSync } from './list.js'
export {
  dirMode,
  isMarkedSync,
  makeDirSync,
  makePlainDirSync,
  makeTopSync,
  markerName,
  whyNotDataDir,
} from './make-dir.js'
export {
  type Access,
  type FileHandle,
  fileMode,
  openFile,
  openFileSync,
  type OpenLimits,
  readFile,
  readFileSync,
} from './open.js'
export { errorCode, FileRefused, isMissing } from './refused.js'
export { type OurDir, removeDirSync, removeFileSync } from './remove.js'
export {
  linkNewSync,
  setModifiedSync,
  syncDir,
  syncDirSync,
  temporaryPattern,
  writeAllSync,
  writeNewSync,
  type WriteOptions,
  writeReplacing,
  writeReplacingSync,
} from './write.js'
