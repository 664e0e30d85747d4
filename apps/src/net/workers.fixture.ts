import cluster from 'node:cluster'

// The service of the network tests as four workers on one port.

if (cluster.isPrimary) {
  let listening = 0
  let stopping = false
  for (let count = 0; count < 4; count++) {
    cluster.fork().once('listening', () => {
      if (++listening === 4) process.send?.({ listening: Number(process.env['PORT']) })
    })
  }
  cluster.on('exit', () => {
    if (stopping && Object.keys(cluster.workers ?? {}).length === 0) process.exit(0)
  })
  const stop = (): void => {
    stopping = true
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM')
  }
  process.once('SIGTERM', stop).once('disconnect', stop)
} else {
  await import('./service.fixture.js')
}
