import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTracer, readRun, type HopRecord, type Tracer, type TracerOptions } from '@hoptrace/core'

/**
 * A tracer in a temporary directory. Its log keeps every record, so that a test can read what was recorded,
 * and when.
 */
export interface KitTracer {
  readonly tracer: Tracer
  readonly dataDir: string
  /** The records that are in the log now, in logged order. */
  records(): Promise<readonly HopRecord[]>
  /**
   * The record that `find` accepts, as soon as there is one. After 10 s it rejects and shows the records in
   * the log.
   */
  eventually(find: (record: HopRecord) => boolean): Promise<HopRecord>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Opens a kit tracer in a directory that is removed with it, unless `options.dataDir` names one. Its windows
 * are wide, so nothing is shipped, and thus deleted from the log, during a test.
 */
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
      for (const until = performance.now() + 60_000; ; await sleep(10)) {
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

/** A foreign W3C caller: the trace-id identifies the record of its request. */
export interface ForeignContext {
  readonly traceId: string
  readonly headers: { readonly traceparent: string }
}

/** A new foreign context. */
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
