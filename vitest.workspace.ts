/** The one list of test projects. `vitest.config.ts` imports it: Vitest 4 does not read this file by itself. */
export const projects = [
  'packages/core',
  'packages/express',
  'packages/koa',
  'packages/fastify',
  'packages/axios',
  'packages/testkit',
  'packages/cli',
  'packages/hbase-client',
  'apps',
  'bench',
  'hostile',
]
