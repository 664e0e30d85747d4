import { beginMessage, type OutboundMessage, type Tracer } from '@hoptrace/core'
import { metadataOf } from './metadata.js'
import { destinationOf, type BullmqOptions } from './telemetry.js'

/** What is used of a job that is to be added. */
interface BulkJob {
  readonly opts?: { readonly telemetry?: { readonly metadata?: string; readonly omitContext?: boolean } }
}

/** What is used of a queue. */
interface BulkQueue {
  readonly name: string
  addBulk: (this: BulkQueue, jobs: readonly BulkJob[]) => Promise<unknown>
}

/**
 * Gives each job of `addBulk` its own metadata. BullMQ's telemetry has one for all jobs of a call, and each job
 * is a separate message.
 */
export function traceBulk(queue: BulkQueue, tracer: Tracer, options: BullmqOptions): void {
  const { name, addBulk } = queue
  queue.addBulk = async (jobs) => {
    const messages: OutboundMessage[] = []
    const traced = jobs.map((job) => {
      const { metadata, omitContext } = job.opts?.telemetry ?? {}
      if (metadata !== undefined || omitContext === true) return job
      const message = beginMessage(tracer, { message: destinationOf(name), ...options })
      if (message === undefined) return job
      messages.push(message)
      return { ...job, opts: { ...job.opts, telemetry: { metadata: metadataOf(message.headers) } } }
    })
    try {
      const added = await addBulk.call(queue, traced)
      for (const message of messages) message.sent()
      return added
    } catch (error) {
      for (const message of messages) message.failed(error)
      throw error
    }
  }
}
