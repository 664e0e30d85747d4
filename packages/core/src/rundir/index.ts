/** The directories of runs: where they are, which process owns them, and how they are deleted. */
export { giveDirMode, heldSocketPath } from './ask-socket.js'
export { bootId } from './boot.js'
export { deleteRunDir, deleteRunFile } from './delete-run.js'
export { isQuiet, listRunDirs, RunDirs } from './list-runs.js'
export { type DirLock, lockDir } from './lock-dir.js'
export { acquireRunDir, claimRunDir, highestOwner, isOwnRun, type OwnedRun, probeRun } from './owner.js'
export { isStopped, processToken, tokenOfProcess } from './process-token.js'
export { isLogFileName, logDirOf, newRunName, nextRunDir, runDirOf, runFile, runPlace } from './run-place.js'
