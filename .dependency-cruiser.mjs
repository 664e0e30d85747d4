/**
 * The layers of core, lowest first: a folder imports only from layers below its own. `docs/architecture.md` shows them.
 * Folders of one layer do not import each other.
 */
export const layers = [
  ['base'],
  ['files', 'id'],
  ['record'],
  ['key'],
  ['propagation', 'segment', 'rundir', 'listen'],
  ['log', 'store', 'ask'],
  ['hop', 'ship', 'resolve'],
  ['settings'],
  ['recorder'],
  ['tracer'],
  ['http'],
]

const core = '^packages/core/src/'
const tests = '\\.(test|fixture|arbitrary)\\.ts$'

const upward = layers.flatMap((folders, level) =>
  folders.map((folder) => ({
    name: `core-layers-${folder}`,
    comment: `core/src/${folder} imports only from layers below it`,
    severity: 'error',
    from: { path: `${core}${folder}/`, pathNot: tests },
    to: {
      path: core,
      pathNot: [folder, ...layers.slice(0, level).flat()].map((name) => `${core}${name}/`),
    },
  })),
)

export default {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'No file depends on itself by way of others.',
      severity: 'error',
      from: { pathNot: tests },
      to: { circular: true },
    },
    {
      name: 'core-folder-without-a-layer',
      comment: 'Every folder of core has its place in `layers`.',
      severity: 'error',
      from: {
        path: `${core}[^/]+/`,
        pathNot: [tests, `${core}e2e/`, ...layers.flat().map((name) => `${core}${name}/`)],
      },
      to: {},
    },
    ...upward,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['/dist/', '/node_modules/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@hoptrace/source', 'import', 'types', 'node'],
    },
  },
}
