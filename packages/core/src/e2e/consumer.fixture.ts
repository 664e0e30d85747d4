import { createTracer, type Job, type TracerOptions } from '../index.js'

/** What a process of the test is asked to do with a message. */
export type ConsumerOrder =
  | { readonly do: 'send'; readonly message: string; readonly traced?: boolean; readonly outcome?: string }
  | { readonly do: 'consumes'; readonly message: string }
  | {
      readonly do: 'take'
      readonly message: string
      readonly headers: Record<string, string>
      readonly how: 'done' | 'failed' | 'kept'
    }
  | { readonly do: 'finish' | 'flush' | 'close' }

const tracer = createTracer(JSON.parse(process.argv[2] ?? '{}') as TracerOptions)
const kept: Job[] = []

async function obey(order: ConsumerOrder): Promise<unknown> {
  switch (order.do) {
    case 'send': {
      const { message, traced = true, outcome = 'SENT' } = order
      return tracer.run({ name: 'place-order' }, () => {
        const call = tracer.hop?.call({ message, traced })
        call?.end(outcome)
        return { id: tracer.hop?.id, headers: call?.headers }
      })
    }
    case 'consumes':
      return tracer.consumes(order.message)
    case 'take': {
      const { message, headers, how } = order
      const job = tracer.begin({ name: message, message, headers })
      if (job === undefined) return null
      if (how === 'kept') kept.push(job)
      else job.end(how === 'failed' ? { thrown: new Error('not now') } : undefined)
      return job.hop.id
    }
    case 'finish':
      for (const job of kept.splice(0)) job.end()
      return null
    case 'flush':
      return tracer.flush()
    case 'close':
      return tracer.close()
  }
}

process.on('message', ({ id, order }: { id: number; order: ConsumerOrder }) => {
  obey(order).then(
    (value) => process.send?.({ id, value: value ?? null }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: 0 })
