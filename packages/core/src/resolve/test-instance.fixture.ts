import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, ListenOptions } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { askSocketName, PASSED_ON_HEADER } from '../ask/names.js'
import { sendAnswer } from '../recorder/send-answer.js'
import type { HopRecord } from '../record/record.js'
import { clusterKeys, newClusterKey } from '../key/index.js'
import type { HopId } from '../id/types.js'
import { segmentRecordsOf } from './test-store.fixture.js'
import { memoryStore } from '../store/memory.js'
import type { Store } from '../store/contract.js'
import {
  runName,
  type InstanceRow,
  type Registry,
  type RegistryRows,
  type RowsByName,
} from '../record/instance-row.js'
import { rowsOfNames } from '../record/row-names.js'
import { RunEndpoint } from '../recorder/run-endpoint.js'
import type { OwnRecords, RunCounters } from '../recorder/endpoint.js'
import type { Lookup } from '../record/lookup.js'
import { baseNanos, testRow } from './test-trace.fixture.js'
import { SIGNATURE_HEADER, SignatureCheck, type Question } from '../ask/sign.js'

/** What the data directory of the host keeps. */
const hostKey = newClusterKey()

/** A registry in memory, and the data directory of its instances. */
export class MemoryRegistry implements Registry, Disposable {
  readonly dataDir = mkdtempSync(path.join(tmpdir(), 'hoptrace-ask-'))
  rows: InstanceRow[] = []
  /** Set: it counts as large, and is read by name. */
  byName: RowsByName | undefined
  list = async (): Promise<RegistryRows> => ({ rows: [...this.rows], unread: [] })
  put = async (row: InstanceRow): Promise<void> => void this.rows.push(row)
  close = async (): Promise<void> => undefined

  /** From now on it is read by name, as a large one is. Gives the names that were asked for. */
  readByName(): readonly string[] {
    const asked: string[] = []
    this.byName = {
      isLarge: async () => true,
      rowsOf: async (names) => {
        asked.push(...names)
        return rowsOfNames(this.rows, names)
      },
    }
    return asked
  }

  [Symbol.dispose](): void {
    rmSync(this.dataDir, { recursive: true, force: true })
  }
}

/** What a test instance does with requests. */
export type Behaviour = 'answers' | 'silent' | ((req: IncomingMessage, res: ServerResponse) => void)

/**
 * One instance: a live endpoint over records in memory, on the socket in its directory and, for questions that are signed, on
 * a port.
 */
export class TestInstance implements OwnRecords {
  readonly records: HopRecord[] = []
  readonly shipped: HopRecord[] = []
  readonly asked: string[] = []
  behaviour: Behaviour = 'answers'
  more: Partial<InstanceRow> = {}
  damaged: string | undefined
  readonly store: Store
  private servers: Server[] = []
  private signatures: SignatureCheck | undefined
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
    if (keys.given) this.signatures = new SignatureCheck(keys)
    this.endpoint = new RunEndpoint({ own: this, registry, dataDir: registry.dataDir, keys })
    const server = await this.listen({ host: '127.0.0.1', port: 0 })
    this.port = (server.address() as AddressInfo).port
    mkdirSync(this.logDir, { recursive: true })
    await this.listen({ path: path.join(this.logDir, askSocketName) })
    await registry.put(this.row())
    return this
  }

  private get logDir(): string {
    return path.join(this.registry.dataDir, 'logs', this.service, `1-${this.port}-a1b2c3`)
  }

  row(): InstanceRow {
    return testRow(this.service, this.port, {
      endpoint: `http://127.0.0.1:${this.port}/_hoptrace/v1`,
      stores: [this.store.url],
      pid: process.pid,
      host: hostname(),
      logDir: this.logDir,
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

  damage(): string | undefined {
    return this.damaged
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

  unshipped(isWanted: (record: HopRecord) => boolean = () => true): readonly HopRecord[] {
    return this.records.filter(isWanted)
  }

  counters(): RunCounters {
    const none = { appended: 0, shed: 0, dropped: 0, errors: 0, bytes: 0, lagMillis: 0, unshippedRuns: 0 }
    return { ...none, shipped: this.shipped.length }
  }

  /** Puts records into its store. */
  async ship(...records: HopRecord[]): Promise<void> {
    await this.store.open()
    await this.store.put(segmentRecordsOf(this.row(), records))
    this.shipped.push(...records)
  }

  /** Stops listening; its row stays. */
  async stop(): Promise<void> {
    for (const server of this.servers.splice(0)) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
    await this.endpoint?.close()
  }

  private questionOf(method: string, target: string): Question {
    const row = this.row()
    return { method, target, host: row.host, run: runName(row) }
  }

  private async listen(where: ListenOptions): Promise<Server> {
    const server = createServer((req, res) => void this.serve(req, res).catch(() => res.destroy()))
    this.servers.push(server)
    await new Promise<void>((resolve) => server.listen(where, resolve))
    return server
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
    const { method = '', url = '' } = req
    const local = req.socket.remoteAddress === undefined && headers[PASSED_ON_HEADER] === undefined
    if (
      !local &&
      this.signatures?.accepts(this.questionOf(method, url), headers[SIGNATURE_HEADER]) !== true
    ) {
      res.writeHead(401).end()
      return
    }
    const { live } = this.endpoint as RunEndpoint
    const answer = await live.handle({ method, url, headers, asker: '' }, abort.signal)
    await sendAnswer(answer, res, abort.signal)
  }
}
