// Asks the three questions of a directory that `hoptrace export --parquet` wrote:
//   node run.js DIR [--json]
import { readdirSync, readFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'

const [dir = 'lake', format] = process.argv.slice(2)
const queries = new URL('queries/', import.meta.url)
const connection = await (await DuckDBInstance.create()).connect()

// `service` and `hour` are in the names of directories. They are text, also if a service is called 2026.
const files = `${dir}/service=*/hour=*/*.parquet`.replaceAll("'", "''")
await connection.run(`
  set timezone = 'UTC';
  create view hops as
    select * from read_parquet('${files}', hive_partitioning = true, hive_types_autocast = false);
  create view edges as
    select hour, service, trace_id, caller_id, call.hop_id, call.target, call.service as callee, call.outcome
    from (select hour, service, trace_id, hop_id as caller_id, unnest(calls) as call from hops)`)

const answers = {}
for (const name of readdirSync(queries).sort()) {
  const rows = await connection.runAndReadAll(readFileSync(new URL(name, queries), 'utf8'))
  // Counts fit into numbers.
  answers[name.replace('.sql', '')] = rows
    .getRowObjects()
    .map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, plain(value)])))
}
if (format === '--json') console.log(JSON.stringify(answers))
else
  for (const [name, rows] of Object.entries(answers)) {
    console.log(`\n${name}`)
    console.table(rows)
  }

function plain(value) {
  return typeof value === 'bigint' ? Number(value) : value
}
