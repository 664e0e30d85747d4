// A thread with its own tracer. On a message it runs a job, or begins one that never ends, and posts its id.
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
