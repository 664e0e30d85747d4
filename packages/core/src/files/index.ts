/** Opens, makes and deletes files. All access to the disk goes through here. */
export { type Access, shareWithGroup } from './access.js'
export { pathOf, type Place } from './beneath.js'
export {
  closeFileSync,
  closeSync,
  existsSync,
  type FileStamp,
  fileStamp,
  fstatSync,
  fsync,
  ftruncateSync,
  isThereSync,
  modifiedMillisSync,
  readAtSync,
  readSync,
  sizeOfSync,
  stampSync,
} from './descriptor.js'
export { type Entry, kindSync, listDir, listDirSync } from './list.js'
export { StillList } from './still-list.js'
export {
  isMarkedSync,
  makeDirSync,
  makePlainDirSync,
  makeTopSync,
  markerName,
  whyNotDataDir,
} from './make-dir.js'
export { lstat, type FileHandle } from './calls.js'
export { listedFileReader, openFile, openFileSync, readFile, readFileSync } from './open.js'
export { errorCode, FileRefused, isMissing } from './refused.js'
export { type OurDir, removeDirSync, removeFileSync } from './remove.js'
export {
  linkNewSync,
  setModifiedSync,
  temporaryPattern,
  writeAllSync,
  writeNewSync,
  writeReplacing,
  writeReplacingSync,
} from './write.js'
