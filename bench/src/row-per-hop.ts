import { statSync } from 'node:fs'
import type { HopRecord } from '@hoptrace/core/store'
import { startServer, type RunningServer } from '@hoptrace/servers-dev'
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import type { Measured } from './measured.js'

const putRows = 500

/** Hops in MySQL as a central span store has them: a row for each, with indexes for what is asked, and a row for each key. */
export class RowPerHop implements Measured {
  private constructor(
    readonly name: string,
    private readonly server: RunningServer,
    private connection: Connection,
  ) {}

  static async start(name: string): Promise<RowPerHop> {
    const server = await startServer('mysql')
    const connection = await createConnection(server.url)
    await connection.query(`CREATE TABLE hops (
      id BINARY(16) PRIMARY KEY, trace_id BINARY(16) NOT NULL, service VARCHAR(64) NOT NULL, instance VARCHAR(64) NOT NULL,
      route VARCHAR(255), status VARCHAR(16), start_nanos BIGINT NOT NULL, duration_micros INT, record JSON NOT NULL,
      KEY by_trace (trace_id), KEY by_service (service, start_nanos)
    ) ENGINE = InnoDB`)
    await connection.query(`CREATE TABLE hop_keys (
      name VARCHAR(64) NOT NULL, value VARCHAR(255) NOT NULL, id BINARY(16) NOT NULL, PRIMARY KEY (name, value, id)
    ) ENGINE = InnoDB`)
    return new RowPerHop(name, server, connection)
  }

  async put(records: readonly HopRecord[]): Promise<void> {
    for (let at = 0; at < records.length; at += putRows) {
      const batch = records.slice(at, at + putRows)
      await this.connection.beginTransaction()
      await this.connection.query('INSERT INTO hops VALUES ?', [batch.map(columnsOf)])
      const keys = batch.flatMap(({ hopId, keys: own }) =>
        Object.entries(own).map(([name, value]) => [name, value, Buffer.from(hopId, 'hex')]),
      )
      if (keys.length > 0) await this.connection.query('INSERT INTO hop_keys VALUES ?', [keys])
      await this.connection.commit()
    }
  }

  async lookup({ hopId }: HopRecord): Promise<HopRecord | undefined> {
    const [rows] = await this.connection.execute<RowDataPacket[]>('SELECT record FROM hops WHERE id = ?', [
      Buffer.from(hopId, 'hex'),
    ])
    return rows[0] && recordOf(rows[0])
  }

  async range(fromNanos: bigint, toNanos: bigint): Promise<number> {
    const [rows] = await this.connection.query<RowDataPacket[]>(
      'SELECT record FROM hops WHERE service = ? AND id >= ? AND id < ? ORDER BY id',
      ['payments', boundary(fromNanos), boundary(toNanos)],
    )
    return rows.map(recordOf).length
  }

  async find(name: string, value: string): Promise<number> {
    const [rows] = await this.connection.execute<RowDataPacket[]>(
      'SELECT id FROM hop_keys WHERE name = ? AND value = ? ORDER BY id DESC LIMIT 100',
      [name, value],
    )
    return rows.length
  }

  async bytes(): Promise<number> {
    const files = ['hops', 'hop_keys'].map((name) => `${this.server.dir}/data/hoptrace/${name}.ibd`)
    return files.reduce((sum, file) => sum + statSync(file).size, 0)
  }

  readonly crash = async (): Promise<void> => {
    await this.server.kill9()
    await this.server.restart()
    this.connection = await createConnection(this.server.url)
  }

  async close(): Promise<void> {
    this.connection.destroy()
    await this.server.wipe()
  }
}

function columnsOf(record: HopRecord): unknown[] {
  const { hopId, traceId, service, instance, route, status, startNanos, durationMicros } = record
  const text = JSON.stringify(record, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  const ids = [hopId, traceId].map((id) => Buffer.from(id, 'hex'))
  return [...ids, service, instance.address, route, status, String(startNanos), durationMicros, text]
}

/** What a reader does with a row, as it does with a segment. */
function recordOf({ record }: RowDataPacket): HopRecord {
  return (typeof record === 'string' ? JSON.parse(record) : record) as HopRecord
}

function boundary(nanos: bigint): Buffer {
  const id = Buffer.alloc(16)
  id.writeBigUInt64BE(nanos)
  return id
}
