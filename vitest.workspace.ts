/** Folders whose unit, property and kit tests are a test project, named after the folder. `npm test` runs these. */
export const projects = [
  'packages/core',
  'packages/express',
  'packages/koa',
  'packages/fastify',
  'packages/hono',
  'packages/nest',
  'packages/axios',
  'packages/http',
  'packages/fetch',
  'packages/bullmq',
  'packages/kafkajs',
  'packages/node',
  'packages/otel',
  'packages/parquet',
  'packages/testkit',
  'packages/cli',
  'packages/ui',
  'packages/hbase-client',
  'packages/mysql',
  'packages/redis',
  'apps',
  'bench',
]

const e2e = ['**/e2e/**/*.test.ts', '**/*.e2e.test.ts']
const hbase = ['**/*.hbase.test.ts']
const servers = ['**/*.servers.test.ts']
const net = ['apps/src/net/**/*.test.ts']
const hostile = ['hostile/src/**/*.test.ts']

/**
 * Their tests change what a whole process shares: the globals of OpenTelemetry, the methods of `node:http`, the global
 * `Response` (`@hono/node-server` replaces it, and what a later file loads is made of the replacement).
 */
const alone = ['packages/otel', 'packages/node', 'packages/http', 'packages/fetch', 'packages/hono']

/** What they leave out. `npm run check` runs it too, after them. */
export const heavyProjects: readonly TestProject[] = [
  // Fleets of processes that are killed, and packages as npm packs them.
  { name: 'e2e', include: e2e, exclude: [] },
  // An attacker, a host, and what they leave to read.
  { name: 'hostile', include: hostile, exclude: [] },
  // A real HBase, in a JVM.
  { name: 'hbase', include: hbase, exclude: net },
  // A real MariaDB, a real Redis.
  { name: 'servers', include: servers, exclude: [] },
  // Several hosts: network namespaces with proxies between them.
  { name: 'net', include: net, exclude: [] },
]

export const quickProjects: readonly TestProject[] = projects.map((folder) => ({
  name: folder.replace('packages/', ''),
  include: [`${folder}/src/**/*.test.ts`],
  exclude: [...e2e, ...hbase, ...servers, ...net],
  isolate: alone.includes(folder),
}))

/** A project as Vitest runs it; globs are relative to the root. */
export interface TestProject {
  readonly name: string
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  /** Each file has a process of its own, and does not share loaded modules with those before it. @default false */
  readonly isolate?: boolean
}
