// A thread with a tracer of its own: runs a job, or begins one that never ends, when it is told to, and says under which id.
import { parentPort, workerData } from 'node:worker_threads'
import { createTracer, type TracerOptions } from '../index.js'

const tracer = createTracer(workerData as TracerOptions)
parentPort?.on('message', (what) => {
  if (what === 'close') {
    void tracer.close().then(() => parentPort?.close())
  } else {
    let id: string | undefined
    void tracer.run({ name: 'thread.job' }, () => {
      id = tracer.hop?.id
      return what === 'hang' ? new Promise(() => undefined) : undefined
    })
    void tracer.flush().then(() => parentPort?.postMessage(id))
  }
})
