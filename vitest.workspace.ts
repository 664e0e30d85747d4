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

/** Test files within one of them that are a project of their own: they need more of a machine than others do. */
export const projectsWithin: readonly TestProject[] = [
  { root: 'apps', name: 'net', include: ['src/net/**/*.test.ts'], exclude: [] },
]

/** A project as Vitest runs it. */
export interface TestProject {
  readonly root: string
  readonly name: string
  readonly include: string[]
  readonly exclude: string[]
}
