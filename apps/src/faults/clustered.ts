import cluster, { type Worker } from 'node:cluster'

// A service of the harness as several workers on one port: WORKERS says how many. One that ends is replaced a moment later.

const RESTART_MILLIS = 300

if (cluster.isPrimary) startPrimary(Number(process.env['WORKERS'] ?? '2'))
else await import('./service.js')

function startPrimary(wanted: number): void {
  let listening = 0
  let stopping = false
  const start = (): void => {
    if (stopping) return
    const worker = cluster.fork()
    process.send?.({ began: worker.process.pid })
    worker.once('listening', () => {
      if (++listening === wanted) process.send?.({ listening: Number(process.env['PORT']) })
    })
  }
  const stop = (): void => {
    stopping = true
    const workers = Object.values(cluster.workers ?? {})
    if (workers.length === 0) process.exit(0)
    for (const worker of workers) worker?.process.kill('SIGTERM')
  }
  cluster.on('exit', (worker: Worker) => {
    process.send?.({ ended: worker.process.pid })
    if (!stopping) setTimeout(start, RESTART_MILLIS)
    else if (Object.keys(cluster.workers ?? {}).length === 0) process.exit(0)
  })
  process.once('SIGTERM', stop).once('SIGINT', stop).once('disconnect', stop)
  for (let count = 0; count < wanted; count++) start()
}
