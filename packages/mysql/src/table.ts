import { HoptraceError } from '@hoptrace/core/store'
import type { PoolConnection, RowDataPacket } from 'mysql2/promise'
import type { MysqlLocation } from './location.js'

/** What the columns of a table must be. */
const columns = 'k varbinary(128) PRI, v longblob'

/** Makes the table if it is missing. A user who may only write rows needs it to be there. */
export async function makeTable(connection: PoolConnection, location: MysqlLocation): Promise<void> {
  if ((await columnsOf(connection, location)) !== '') return
  await connection.query(
    `CREATE TABLE IF NOT EXISTS \`${location.table}\` (
      k VARBINARY(128) NOT NULL PRIMARY KEY,
      v LONGBLOB NOT NULL
    ) ENGINE = InnoDB ROW_FORMAT = DYNAMIC`,
  )
}

/** Throws when the table is missing, or is none of hoptrace's. */
export async function checkTable(connection: PoolConnection, location: MysqlLocation): Promise<void> {
  const found = await columnsOf(connection, location)
  const name = `${location.database}.${location.table}`
  if (found === columns) return
  throw new HoptraceError(
    'HOPTRACE_STORE_UNAVAILABLE',
    found === ''
      ? `${location.url}: there is no table ${name}, or this user may not read it`
      : `${location.url}: the table ${name} is none of hoptrace's: its columns are ${found.slice(0, 200)} instead of ${columns}, on InnoDB`,
  )
}

/** As one text; empty when there is no such table. */
async function columnsOf(connection: PoolConnection, { table }: MysqlLocation): Promise<string> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT c.COLUMN_NAME AS name, c.COLUMN_TYPE AS type, c.COLUMN_KEY AS part, t.ENGINE AS engine
     FROM information_schema.COLUMNS c JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME)
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY c.ORDINAL_POSITION`,
    [table],
  )
  return rows
    .map(({ name, type, part, engine }) =>
      [name, type, part, engine === 'InnoDB' ? '' : engine].filter((word) => word !== '').join(' '),
    )
    .join(', ')
}
