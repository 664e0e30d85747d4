/**
 * The cost of a question: five-hop traces over five services with one store each, resolved from the stores
 * after every service has stopped, and an id without a record, with more and more hops stored. Medians over
 * rounds, and the reads of one answer.
 * `npm run bench:walk -- --stored 1000,20000 --questions 200`
 */
import { createResolver, createTracer, type HopId, type Tracer } from '@hoptrace/core'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { median, table } from './report.js'

const services = ['gateway', 'orders', 'payments', 'inventory', 'shipping']
const firstPort = 45_600

const { values } = parseArgs({
  options: {
    stored: { type: 'string', default: '1000,20000' },
    questions: { type: 'string', default: '200' },
  },
})

function trace(
  tracers: readonly Tracer[],
  level: number,
  headers: Readonly<Record<string, string>>,
): HopId | undefined {
  const tracer = tracers[level] as Tracer
  return tracer.run({ name: `/${tracer.service}`, headers }, () => {
    const { hop } = tracer
    hop?.event('work.done', { items: level })
    if (level + 1 < tracers.length) {
      const call = hop?.call({ url: `http://127.0.0.1:${firstPort + level + 1}/`, method: 'POST' })
      trace(tracers, level + 1, call?.headers ?? {})
      call?.end(200)
    }
    return hop?.id
  })
}

async function measure(stored: number, questions: number): Promise<string[]> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'hoptrace-bench-walk-'))
  try {
    const tracers = services.map((service, i) =>
      createTracer({
        service,
        dataDir,
        address: `127.0.0.1:${firstPort + i}`,
        windowMillis: 1000,
        graceMillis: 500,
      }),
    )
    const ids: HopId[] = []
    for (let i = 0; i < stored / services.length; i++) {
      const id = trace(tracers, 0, {})
      if (id !== undefined) ids.push(id)
      if (i % 500 === 499) await Promise.all(tracers.map((tracer) => tracer.flush()))
    }
    await Promise.all(tracers.map((tracer) => tracer.close()))

    const resolver = createResolver({ dir: dataDir })
    const present: number[] = []
    const absent: number[] = []
    let reads = ''
    for (let i = 0; i < questions; i++) {
      const id = ids[Math.floor(Math.random() * ids.length)] as HopId
      const answer = await resolver.resolve(id)
      if (answer.verdict !== 'completed' || answer.hops.length !== services.length)
        throw new Error(`wrong answer for ${id}`)
      present.push(answer.elapsedMillis)
      reads = `${answer.reads.scans} scans, ${(answer.reads.bytes / 1024).toFixed(0)} KiB`
      const absentId = `${id.slice(0, 14)}${id.slice(14, 16) === '00' ? '01' : '00'}${id.slice(16)}`
      absent.push((await resolver.resolve(absentId)).elapsedMillis)
    }
    await resolver.close()
    return [
      String(ids.length * services.length),
      median(present).toFixed(2),
      median(absent).toFixed(2),
      reads,
    ]
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const rows: string[][] = []
for (const stored of values.stored.split(','))
  rows.push(await measure(Number(stored), Number(values.questions)))
console.log(table(['hops stored', 'five-hop walk, ms', 'absent id, ms', 'reads of a walk'], rows))
