import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import type { HopRecord } from '../hop/record.js'
import { clusterKeys, newClusterKey } from '../key/index.js'
import type { HopId } from '../id/types.js'
import { segmentRecordsOf } from './test-store.fixture.js'
import { memoryStore } from '../store/memory.js'
import type { Store } from '../store/contract.js'
import type { InstanceRow, Registry } from '../store/instance-row.js'
import { RunEndpoint } from '../ship/run-endpoint.js'
import type { OwnRecords } from './endpoint.js'
import type { Lookup } from './lookup.js'
import { baseNanos, testRow } from './test-trace.fixture.js'

/** What the data directory of the host keeps. */
const hostKey = newClusterKey()

/** A registry in memory. */
export class MemoryRegistry implements Registry {
  rows: InstanceRow[] = []
  list = async (): Promise<readonly InstanceRow[]> => [...this.rows]
  put = async (row: InstanceRow): Promise<void> => void this.rows.push(row)
  close = async (): Promise<void> => undefined
}

/** What a test instance does with requests. */
export type Behaviour = 'answers' | 'silent' | ((req: IncomingMessage, res: ServerResponse) => void)

/** One instance: a real HTTP server with a live endpoint over records in memory. */
export class TestInstance implements OwnRecords {
  readonly records: HopRecord[] = []
  readonly shipped: HopRecord[] = []
  readonly asked: string[] = []
  behaviour: Behaviour = 'answers'
  more: Partial<InstanceRow> = {}
  readonly store: Store
  private server: Server | undefined
  private endpoint: RunEndpoint | undefined
  port = 0

  constructor(
    readonly service: string,
    private readonly registry: MemoryRegistry,
    private readonly clusterKey?: string,
  ) {
    this.store = memoryStore()
  }

  /** Listens, and registers. */
  async start(): Promise<this> {
    const { clusterKey, registry } = this
    const keys = clusterKeys(clusterKey ?? hostKey, clusterKey !== undefined)
    this.endpoint = new RunEndpoint({ own: this, registry, dataDir: '/nowhere', keys })
    this.server = createServer((req, res) => void this.serve(req, res).catch(() => res.destroy()))
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve))
    this.port = (this.server.address() as AddressInfo).port
    await registry.put(this.row())
    return this
  }

  row(): InstanceRow {
    return testRow(this.service, this.port, {
      endpoint: `http://127.0.0.1:${this.port}/_hoptrace/v1`,
      stores: [this.store.url],
      pid: process.pid,
      host: hostname(),
      ...this.more,
    })
  }

  /** Changes its row in the registry. */
  register(more: Partial<InstanceRow>): void {
    this.more = { ...this.more, ...more }
    this.registry.rows = this.registry.rows.map((row) =>
      row.address === this.row().address ? this.row() : row,
    )
  }

  async lookup(id: HopId): Promise<Lookup> {
    const record = [...this.records, ...this.shipped].find((one) => one.hopId === id || one.assignedId === id)
    if (record !== undefined) return { kind: 'found', record, source: 'log' }
    return {
      kind: 'absent',
      throughNanos: baseNanos + 3_600_000_000_000n,
      final: false,
      dropped: false,
      source: 'store',
    }
  }

  unshipped(): Iterable<HopRecord> {
    return this.records
  }

  stats(): Record<string, number> {
    return { shipped: this.shipped.length }
  }

  /** Puts records into its store. */
  async ship(...records: HopRecord[]): Promise<void> {
    await this.store.open()
    await this.store.put(segmentRecordsOf(this.row(), records))
    this.shipped.push(...records)
  }

  /** Stops listening; its row stays. */
  async stop(): Promise<void> {
    const { server } = this
    this.server = undefined
    if (server === undefined) return
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await this.endpoint?.close()
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    this.asked.push(req.url ?? '')
    if (this.behaviour === 'silent') return
    if (typeof this.behaviour === 'function') return this.behaviour(req, res)
    const abort = new AbortController()
    res.once('close', () => abort.abort())
    const headers = Object.fromEntries(
      Object.entries(req.headers).map(([name, value]) => [name, String(value)]),
    )
    const answer = await (this.endpoint as RunEndpoint).live.handle(
      {
        method: req.method ?? '',
        url: req.url ?? '',
        headers,
        remoteAddress: req.socket.remoteAddress ?? '',
      },
      abort.signal,
    )
    res.writeHead(answer.status, answer.headers)
    for await (const piece of answer.body) res.write(piece)
    res.end()
  }
}
