import cluster from 'node:cluster'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beginInbound, createTracer, type TracerOptions } from '../index.js'

/** Three workers on one port; a worker that ends is replaced. Every worker answers with its hop's id. */
const options = JSON.parse(process.argv[2] ?? '{}') as TracerOptions
const workers = 3

if (cluster.isPrimary) {
  let listening = 0
  cluster.on('listening', (_, { port }) => {
    if (++listening === workers) process.send?.({ ready: port })
    if (listening > workers) process.send?.({ replaced: true })
  })
  cluster.on('exit', () => cluster.fork())
  process.on('message', ({ id, order }: { id: number; order: { do: string } }) => {
    if (order.do === 'kill') Object.values(cluster.workers ?? {})[0]?.process.kill('SIGKILL')
    process.send?.({ id, value: null })
  })
  process.on('disconnect', () => {
    cluster.removeAllListeners('exit')
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGKILL')
    process.exit(0)
  })
  for (let i = 0; i < workers; i++) cluster.fork()
} else {
  const tracer = createTracer(options)
  const server = createServer((req, res) => {
    const inbound = beginInbound(tracer, req, res)
    if (inbound === undefined) return
    inbound.run(() => {
      if (req.url === '/flush') void tracer.flush().then(() => res.end('flushed'))
      else res.end(`${tracer.hop?.id} ${process.pid}`)
    })
  })
  process.on('disconnect', () => process.exit(0))
  server.listen(0, '127.0.0.1', () => (server.address() as AddressInfo).port)
}
