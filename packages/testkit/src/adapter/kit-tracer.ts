import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTracer, readRun, type HopRecord, type Tracer, type TracerOptions } from '@hoptrace/core'

/** A tracer in a directory of its own whose log holds everything, so that a test reads what was recorded, and when. */
export interface KitTracer {
  readonly tracer: Tracer
  readonly dataDir: string
  /** The records that are in the log now, in the order in which their hops were logged. */
  records(): Promise<readonly HopRecord[]>
  /** The record that `find` accepts, as soon as there is one. Rejects with what there is after 10 s. */
  eventually(find: (record: HopRecord) => boolean): Promise<HopRecord>
  [Symbol.asyncDispose](): Promise<void>
}

/** Opens one, in a directory that is removed with it unless `options.dataDir` names one. Its windows are so wide that nothing is shipped, and so deleted from the log, while a test looks. */
export async function openKitTracer(options: Partial<TracerOptions> = {}): Promise<KitTracer> {
  const own = options.dataDir === undefined
  const dataDir = options.dataDir ?? (await mkdtemp(path.join(os.tmpdir(), 'hoptrace-kit-')))
  const service = options.service ?? 'kit'
  const tracer = createTracer({
    store: { kind: 'memory' },
    windowMillis: 3_600_000,
    graceMillis: 600_000,
    ...options,
    service,
    dataDir,
  })

  const records = async (): Promise<readonly HopRecord[]> => {
    const logs = path.join(dataDir, 'logs', service)
    const found: HopRecord[] = []
    for (const run of await entries(logs)) {
      const dir = path.join(logs, run)
      const files = await entries(dir)
      if (files.some((name) => name.endsWith('.log'))) found.push(...(await readRun(dir)).hops)
    }
    return found
  }

  return {
    tracer,
    dataDir,
    records,
    async eventually(find) {
      for (const until = performance.now() + 10_000; ; await sleep(10)) {
        const all = await records()
        const found = all.find(find)
        if (found !== undefined) return found
        if (performance.now() > until) throw new Error(`no such record among ${describeRecords(all)}`)
      }
    },
    async [Symbol.asyncDispose]() {
      await tracer.close()
      if (own) await rm(dataDir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** A W3C caller that is not hoptrace's: the trace-id tells a request's record apart. */
export interface ForeignContext {
  readonly traceId: string
  readonly headers: { readonly traceparent: string }
}

/** A new one. */
export function foreignContext(): ForeignContext {
  const traceId = `f${randomBytes(16).toString('hex').slice(1)}`
  return { traceId, headers: { traceparent: `00-${traceId}-${randomBytes(7).toString('hex')}0f-01` } }
}

const describeRecords = (records: readonly HopRecord[]): string =>
  JSON.stringify(records.slice(-20), (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )

/** The log begins with the first hop. */
async function entries(dir: string): Promise<string[]> {
  return existsSync(dir) ? readdir(dir) : []
}
