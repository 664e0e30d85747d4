import { mkdtemp, rm } from 'node:fs/promises'
import type { Got } from './load.js'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { addCompared, emptyCompared, type Compared } from './compared.js'
import { Fleet } from './fleet.js'
import { loopbackTerrain } from './terrain.js'
import { openOtlpSink } from './otlp-sink.js'
import type { Plan } from './plan.js'
import { mend, runPlan } from './run.js'
import { TruthReader } from './truth-reader.js'
import { warmUp } from './warm-up.js'

/**
 * The same plans with the services traced by OpenTelemetry. What it has is counted at the very end, when every process
 * that still lives has been stopped in order and has flushed.
 */
export async function compareOtel(plans: readonly Plan[]): Promise<Compared> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-faults-'))
  const sink = await openOtlpSink()
  const fleet = await Fleet.start(
    dataDir,
    { kind: 'otel', otlpUrl: sink.url },
    await loopbackTerrain(dataDir),
  )
  const reader = new TruthReader(fleet.truthFiles)
  const got: Got = new Map()
  const compared = emptyCompared('OpenTelemetry JS')
  try {
    await warmUp(fleet)
    for (const [run, plan] of plans.entries()) {
      for (const [request, status] of await runPlan(fleet, plan, `run${run}`)) got.set(request, status)
      for (const [request, status] of await mend(fleet, plan, `run${run}`)) got.set(request, status)
    }
    const dead = new Set(fleet.dead)
    await fleet.stop()
    for (const [request, clientGot] of got) {
      const deeds = [...reader.of(request)]
      const stored = sink.servicesOf(request)
      const finished = deeds.filter(([, { sent }]) => sent).map(([name]) => name)
      const died = deeds.filter(([, { answered, pid }]) => !answered && dead.has(pid)).map(([name]) => name)
      addCompared(compared, {
        finished: finished.length,
        lost: finished.filter((name) => !stored.has(name)).length,
        well: clientGot === 200,
        died: died.length > 0,
        named: died.some((name) => stored.has(name)),
      })
    }
    return compared
  } finally {
    reader.close()
    await fleet.stop()
    await sink.close()
    await rm(dataDir, { recursive: true, force: true })
  }
}
