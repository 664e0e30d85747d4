import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { clusterKeys, newClusterKey } from '../../key/index.js'
import type { InstanceRow } from '../../record/instance-row.js'

/** A row with a value in every field. */
export const row: InstanceRow = {
  service: 'payments',
  address: '10.0.0.7:4002',
  aliases: ['127.0.0.1:4002', 'payments.local:4002'],
  reached: ['10.0.0.1:80'],
  worker: 2,
  startNanos: 1_795_000_000_000_000_001n,
  host: 'host-1',
  boot: '00112233-4455-6677-8899-aabbccddeeff',
  pid: 4242,
  endpoint: 'http://127.0.0.1:4002/_hoptrace/v1',
  stores: ['level:/var/x', 'hbase://a:2181/t', 'mysql://db:3306/traces'],
  buckets: 4,
  windowMillis: 10_000,
  keepsSeconds: 604_800,
  bytes: [
    [1_795_000_000_000, 5000],
    [1_795_000_010_000, 1],
  ],
  deletedBeforeNanos: 1_795_000_000_000_000_000n,
  logDir: 'logs/payments/1-2-3',
  loggedThrough: [1, 4096],
  heartbeatMillis: 1_795_000_000_000,
  shippedThroughNanos: 1_795_000_000_000_000_002n,
  dropped: [{ fromNanos: 1n, toNanos: 2n, count: 3 }],
  state: 'running',
}

export const keys = clusterKeys(newClusterKey(), true)

/** The keys, as a registry takes them. */
export const ours = () => keys

/** An empty directory; the test that asks for it removes it at its end. */
export async function freshDir(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-registry-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** For `sort`. */
export const byWorker = (a: InstanceRow, b: InstanceRow): number => a.worker - b.worker
