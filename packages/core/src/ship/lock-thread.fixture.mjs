import { parentPort, workerData } from 'node:worker_threads'
import { register } from 'tsx/esm/api'

register()
const { acquireRunLock } = await import('./run-lock.ts')
await acquireRunLock(workerData, true)
parentPort.postMessage('held')
setInterval(() => undefined, 1000)
