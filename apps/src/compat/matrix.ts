/** What is installed for a row of the table. */
export interface Subject {
  /** As the programs take it: `express-4`. */
  readonly id: string
  readonly title: string
  /** As npm takes them: `express-4@npm:express@4`. */
  readonly packages: readonly string[]
  /** The package in `node_modules` whose version the table shows, and whose `engines` say where it runs. Undefined: Node itself. */
  readonly installed?: string
}

export interface Framework extends Subject {
  /** Traced by the hook for `--import`, without an adapter. */
  readonly hooked?: true
  /** The route that its record has: a template, or null where the framework shows none to the hook. */
  readonly route: string | null
  /** Packages that need each other by name are installed in a separate project each. */
  readonly project: string
}

export type Client = Subject

/** The lines of Node, oldest first. */
export const nodeLines = ['20', '22', '24', '26'] as const

const major = (name: string, version: number, title: string): Subject => {
  const id = `${name.replace(/^@.*\//, '')}-${version}`
  return { id, title, packages: [`${id}@npm:${name}@${version}`], installed: id }
}

const template = { route: '/orders/:id', project: 'plain' }

const nest = (version: number): Framework[] =>
  ['express', 'fastify'].map((platform) => ({
    id: `nest-${platform}`,
    title: `Nest on ${platform === 'express' ? 'Express' : 'Fastify'}`,
    packages: [
      ...['common', 'core', `platform-${platform}`].map((name) => `@nestjs/${name}@${version}`),
      'reflect-metadata@0.2',
      'rxjs@7',
    ],
    installed: '@nestjs/core',
    route: '/orders/:id',
    project: `nest-${version}`,
  }))

export const frameworks: readonly Framework[] = [
  { ...major('express', 4, 'Express'), ...template },
  { ...major('express', 5, 'Express'), ...template },
  { ...major('express', 5, 'Express, by the hook'), ...template, hooked: true },
  ...[2, 3].map((version) => {
    const { packages, ...koa } = major('koa', version, 'Koa')
    return { ...koa, packages: [...packages, '@koa/router@15'], ...template }
  }),
  { ...major('fastify', 4, 'Fastify'), ...template },
  { ...major('fastify', 5, 'Fastify'), ...template },
  { ...major('fastify', 5, 'Fastify, by the hook'), ...template, hooked: true },
  ...[1, 2].map((version) => ({
    id: `hono-${version}`,
    title: `Hono on @hono/node-server ${version}`,
    packages: ['hono@4', `hono-node-server-${version}@npm:@hono/node-server@${version}`],
    installed: 'hono',
    ...template,
  })),
  ...[10, 11, 12].flatMap(nest),
  {
    id: 'http',
    title: '`node:http`, by the hook',
    packages: [],
    hooked: true,
    route: null,
    project: 'plain',
  },
  { ...major('@hapi/hapi', 21, 'Hapi, by the hook'), hooked: true, route: null, project: 'plain' },
  { ...major('restify', 11, 'Restify, by the hook'), ...template, hooked: true },
  { ...major('restify', 12, 'Restify, by the hook'), ...template, hooked: true },
]

export const clients: readonly Client[] = [
  { id: 'http', title: '`node:http`', packages: [] },
  { id: 'fetch', title: '`fetch`', packages: [] },
  major('axios', 0, 'axios, by `@hoptrace/http`'),
  major('axios', 1, 'axios'),
  ...[5, 6, 7, 8].map((version) => major('undici', version, 'undici')),
  ...[11, 12, 13, 14].map((version) => major('got', version, 'got')),
  major('node-fetch', 2, 'node-fetch'),
  major('node-fetch', 3, 'node-fetch'),
  ...[8, 9, 10].map((version) => major('superagent', version, 'superagent')),
]
