import path from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

/** Rows of a query by DuckDB, in which `hops` are the hops of an export's directory. */
export async function query(dir: string, sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  try {
    const files = path.join(dir, '**/*.parquet').replaceAll("'", "''")
    const hops = `read_parquet('${files}', hive_partitioning = true, hive_types_autocast = false)`
    await connection.run(`set timezone = 'UTC'; create view hops as select * from ${hops}`)
    return (await connection.runAndReadAll(sql)).getRowObjectsJson()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
