import { createServer } from 'node:http'
import { beginInbound, createTracer, type TracerOptions } from '../index.js'

/**
 * A process that is stopped before its recorder has begun, as its first jobs are done and one is at work. When it continues, it
 * does what messages order, and answers with the ids of its jobs.
 */
const { port, ...options } = JSON.parse(process.argv[2] ?? '{}') as TracerOptions & { readonly port: number }
const tracer = createTracer({ ...options, address: `127.0.0.1:${port}` })

function jobs(name: string, count: number): string[] {
  return Array.from({ length: count }, () =>
    tracer.run({ name }, () => {
      tracer.hop?.event(`${name}.done`)
      return tracer.hop?.id ?? ''
    }),
  )
}

let end = (): void => undefined
const gate = new Promise<void>((resolve) => (end = resolve))
let open = ''
void tracer.run({ name: 'open' }, async () => {
  open = tracer.hop?.id ?? ''
  tracer.hop?.event('open.begun')
  await gate
})
const before = jobs('before', 10)

process.on('message', ({ id, order }: { id: number; order: { do: string } }) => {
  const obey = async (): Promise<unknown> => {
    if (order.do === 'jobs') return jobs('later', 5)
    if (order.do === 'end') return end()
    if (order.do === 'stats') return tracer.stats()
    if (order.do === 'flush') return tracer.flush()
    if (order.do === 'close') return tracer.close()
    return { open, before, after }
  }
  void obey().then(
    (value) => process.send?.({ id, value: value ?? null }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: port })
process.kill(process.pid, 'SIGSTOP')
const after = jobs('after', 5)
createServer((req, res) => {
  beginInbound(tracer, req, res)
  res.end()
}).listen(port, '127.0.0.1')
