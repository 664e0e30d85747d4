import { createTracer } from '@hoptrace/core'
import { Worker } from 'bullmq'
import { traceBullmq } from './index.js'

/** A worker that says when it has a job, and keeps it. */
const { url, queue, dataDir } = JSON.parse(process.argv[2] ?? '{}') as Record<string, string>
const tracer = createTracer({ service: 'notify', dataDir: dataDir ?? '' })
const worker = new Worker(
  queue ?? '',
  () => {
    process.send?.('taken')
    return new Promise(() => undefined)
  },
  { connection: { url: url ?? '' }, lockDuration: 1000, stalledInterval: 500 },
)
traceBullmq(worker, tracer)
process.on('disconnect', () => process.exit(0))
