import { createTracer } from '@hoptrace/core'

/** A service whose hops go to SQLite. `node service.js DIR hang` never ends its job, so that it can be killed in it. */
const [dir, how] = process.argv.slice(2)
const tracer = createTracer({
  service: 'nightly',
  dataDir: dir,
  windowMillis: 100,
  store: { kind: 'sqlite', url: `sqlite:${dir}/{service}.db` },
})
await tracer.run('report', async () => {
  tracer.hop?.setKey('reportId', how)
  process.stdout.write('begun\n')
  if (how === 'hang') await new Promise((resolve) => setTimeout(resolve, 600_000))
})
await tracer.close()
