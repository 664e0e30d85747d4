import { cp, mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { built } from '../../../dev/built.mjs'
import {
  installed,
  node,
  published,
  repo,
  run,
  tool,
  type InstalledProject,
  type Ran,
} from './installed.fixture.js'

/** The oldest that is promised and the newest. */
const compilers = ['5.0', '6.0'] as const
const adapters = ['express', 'koa', 'fastify', 'hono', 'axios'] as const

let project: InstalledProject
beforeAll(async () => {
  const types = ['@types/node@20', '@types/express@5', '@types/koa@3']
  const nest = ['@nestjs/common@11', '@nestjs/core@11', 'reflect-metadata@0.2', 'rxjs@7']
  const otel = ['@opentelemetry/api@1', '@opentelemetry/sdk-trace-base@2']
  const others = compilers.map((version) => `typescript-${version}@npm:typescript@~${version}.0`)
  project = await installed(
    'express@5',
    'koa@3',
    'fastify@5',
    'hono@4',
    'axios@1',
    ...nest,
    ...otel,
    ...types,
    ...others,
  )
}, 900_000)
afterAll(() => project[Symbol.asyncDispose]())

// Records one hop, ships it, asks about it.
const body = `
const tracer = createTracer({ service: 'job', dataDir: process.env.DATA })
tracer.run({ name: 'nightly' }, () => tracer.hop.setKey('orderId', '42'))
async function ask() {
  await tracer.flush()
  const resolver = createResolver({ dir: process.env.DATA })
  const { verdict } = await resolver.resolve('orderId=42')
  await resolver.close()
  await tracer.close()
  return verdict
}
`
const asEsm = `import { createResolver, createTracer } from '@hoptrace/core'\n${body}`
const asCommonJs = `const { createResolver, createTracer } = require('@hoptrace/core')\n${body}`
const printed = `ask().then((verdict) => console.log(JSON.stringify({ verdict })))\n`

// What a reader of the README would write, nothing of this repository in reach.
const PROGRAM = `
import express from 'express'
import axios from 'axios'
import { createResolver, createTracer } from '@hoptrace/core'
import { hoptrace } from '@hoptrace/express'
import { traceAxios } from '@hoptrace/axios'

const tracer = createTracer({ service: 'shop' })
const http = traceAxios(axios.create(), tracer)
const app = express().use(hoptrace(tracer))
app.get('/stock', (req, res) => res.json({ cups: 4 }))
app.get('/', async (req, res) => {
  tracer.hop?.setKey('orderId', '42')
  res.json((await http.get(\`http://127.0.0.1:\${server.address().port}/stock\`)).data)
})
const server = app.listen(0, '127.0.0.1', async () => {
  await fetch(\`http://127.0.0.1:\${server.address().port}/\`)
  await tracer.flush()
  const resolver = createResolver({})
  const { verdict, hops } = await resolver.resolve('orderId=42')
  console.log(JSON.stringify({ verdict, hops: hops.map((hop) => [hop.route, hop.status]) }))
  await resolver.close?.()
  server.close()
  await tracer.close()
})
`

describe('the packed packages', { timeout: 300_000 }, () => {
  it('are loaded by require and by import as one', async () => {
    const all = [
      ...published.map((name) => `@hoptrace/${name}`),
      '@hoptrace/core/store',
      '@hoptrace/core/resolver',
      '@hoptrace/otel/export',
    ]
    const program = await project.write(
      'one.mjs',
      `import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
for (const name of ${JSON.stringify(all)}) {
  const required = require(name)
  const { default: _, ...imported } = await import(name)
  const names = Object.keys(required).sort()
  if (names.length === 0 || names.join() !== Object.keys(imported).sort().join()) throw new Error(name)
  for (const key of names) if (required[key] !== imported[key]) throw new Error(name + ' ' + key)
}
console.log('one')
`,
    )
    expect(await node(project.dir, [program])).toEqual({ code: 0, stdout: 'one\n', stderr: '' })
  })

  it('trace themselves in a program of a few lines', async () => {
    const { stdout, stderr } = await node(project.dir, [await project.write('program.mjs', PROGRAM)])
    expect(JSON.parse(stdout)).toEqual({
      verdict: 'completed',
      hops: [
        ['/', 200],
        ['/stock', 200],
      ],
    })
    expect(stderr).toBe('')
  })

  it('trace a program that knows nothing of them', async () => {
    const app = await project.write(
      'unknowing.cjs',
      `const { createServer } = require('node:http')
const server = createServer((req, res) => res.end('ok')).listen(0, '127.0.0.1', async () => {
  await (await fetch('http://127.0.0.1:' + server.address().port)).text()
  server.close()
})
`,
    )
    const env = { HOPTRACE_SERVICE: 'unknowing' }
    const command = path.join(project.dir, 'node_modules/.bin/hoptrace')
    for (const flag of ['--import', '--require']) {
      const ran = await node(project.dir, [flag, '@hoptrace/node/register', app], env)
      expect(ran).toEqual({ code: 0, stdout: '', stderr: '' })
    }
    const { stdout } = await node(project.dir, [command, 'range', 'unknowing', '--since', '1h', '--json'])
    expect(stdout.trim().split('\n')).toHaveLength(2)
  })

  it('serve, ship and answer in a process that may open 84 files', async () => {
    const program = await project.write('few.mjs', PROGRAM)
    const few = ['-c', 'ulimit -n 84; exec "$0" "$@"', process.execPath, program]
    const ran = await run('bash', project.dir, few, { HOPTRACE_DIR: path.join(project.dir, 'few') })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(ran.stdout)).toMatchObject({ verdict: 'completed' })
  })

  it('load what is not for requests when it is called', async () => {
    const late = [
      'LocalRecorder = class',
      'LevelStore = class',
      'TraceResolver = class',
      'function shipDeadRuns(',
    ]
    const program = await project.write(
      'late.cjs',
      `const { readFileSync } = require('node:fs')
const files = () => Object.keys(require.cache).filter((file) => file !== __filename)
const loaded = () => files().map((file) => readFileSync(file, 'utf8')).join()
const found = () => ${JSON.stringify(late)}.filter((text) => loaded().includes(text))
const { createResolver, createTracer, readRun } = require('@hoptrace/core')
require('@hoptrace/express')
require('@hoptrace/axios')
const tracer = createTracer({ service: 'late', dataDir: 'late' })
tracer.run({ name: 'job' }, () => undefined)
const before = found()
tracer.close().then(() => {
  createResolver({ dir: 'late' })
  console.log(JSON.stringify({ before, after: found(), isRead: typeof readRun('nowhere').catch(() => 0) }))
})
`,
    )
    expect(JSON.parse((await node(project.dir, [program])).stdout)).toEqual({
      before: [],
      after: ['TraceResolver = class'],
      isRead: 'object',
    })
  })

  it('load in the shipping thread what answers questions when there is one', async () => {
    const program = await project.write(
      'thread.cjs',
      `const { readFileSync } = require('node:fs')
require(require('node:path').join(require.resolve('@hoptrace/core'), '../hoptrace-thread.js'))
const files = Object.keys(require.cache).filter((file) => file !== __filename)
const loaded = files.map((file) => readFileSync(file, 'utf8')).join()
console.log(JSON.stringify(['LocalRecorder = class', 'TraceResolver = class', 'LiveEndpoint = class'].filter((text) => loaded.includes(text))))
`,
    )
    expect(JSON.parse((await node(project.dir, [program])).stdout)).toEqual(['LocalRecorder = class'])
  })

  it('bring the command, which answers about what the program left', async () => {
    const command = path.join(project.dir, 'node_modules/.bin/hoptrace')
    const { stdout } = await node(project.dir, [command, 'resolve', 'orderId=42', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'completed' })
  })

  it.each([
    ['otel', ['--otlp', 'http://127.0.0.1:9']],
    ['parquet', ['--parquet', 'exported']],
  ])('say that @hoptrace/%s is to be installed where an export needs it', async (name, how) => {
    const installed = path.join(project.dir, 'node_modules/@hoptrace', name)
    await rename(installed, `${installed}.away`)
    try {
      const command = path.join(project.dir, 'node_modules/.bin/hoptrace')
      const { code, stderr } = await node(project.dir, [command, 'export', '--since', '1h', ...how])
      expect(stderr).toContain(`the package @hoptrace/${name} is not installed`)
      expect(stderr).toContain(`npm install @hoptrace/${name}`)
      expect(code).not.toBe(0)
    } finally {
      await rename(`${installed}.away`, installed)
    }
  })

  it.each(['publint', 'attw'])('pass %s', async (checker) => {
    for (const tarball of project.tarballs) {
      const ran =
        checker === 'publint'
          ? await node(repo, [tool('publint/src/cli.js'), tarball, '--strict'])
          : await node(repo, [tool('@arethetypeswrong/cli/dist/index.js'), tarball, '--no-emoji'])
      expect(`${tarball}\n${ran.stdout}${ran.stderr}`, tarball).not.toMatch(
        /\b(?:Errors?|Warnings?):|(?<!No )problems found/,
      )
      expect(ran.code, ran.stdout + ran.stderr).toBe(0)
    }
  })
})

const program = `
import { createResolver, createTracer, HoptraceError, type Call, type Hop, type ResolveResult, type Tracer } from '@hoptrace/core'
import { createResolver as resolver, type Resolver } from '@hoptrace/core/resolver'
import { memoryStore, type Store } from '@hoptrace/core/store'
import { hoptrace as forExpress } from '@hoptrace/express'
import { hoptrace as forKoa } from '@hoptrace/koa'
import { hoptrace as forFastify } from '@hoptrace/fastify'
import { hoptrace as forHono } from '@hoptrace/hono'
import { HoptraceModule, InjectTracer, TRACER } from '@hoptrace/nest'
import { traceAxios } from '@hoptrace/axios'
import { traceFetch } from '@hoptrace/fetch'
import { traceHttp } from '@hoptrace/http'
import { tracer as tracerOfProcess } from '@hoptrace/node'
import { createHBaseClient } from '@hoptrace/hbase-client'
import axios from 'axios'
import express from 'express'
import Koa from 'koa'
import Fastify from 'fastify'
import { Hono } from 'hono'

export const store: Store = memoryStore()
export const tracer: Tracer = createTracer({ service: 'x', store })
express().use(forExpress(tracer))
new Koa().use(forKoa(tracer))
void Fastify().register(forFastify(tracer))
new Hono().use(forHono(tracer))
export const forNest = [HoptraceModule.forRoot(tracer), InjectTracer(), TRACER]
export const http = traceAxios(axios.create(), tracer)
traceHttp(tracer)
traceFetch(tracer)
tracerOfProcess()?.hop?.setKey('orderId', '42')
export const asked: Promise<ResolveResult> = createResolver().resolve('orderId=42')
export const asker: Resolver = resolver({ dir: '.' })
export const isOurs = (error: unknown): boolean => error instanceof HoptraceError
export const client = () => createHBaseClient({ servers: 'hbase://127.0.0.1:16000' })

// The members that are promised, and no others.
type Has<T, Names> = [Extract<keyof T, string>, Names] extends [Names, Extract<keyof T, string>] ? true : false
export const hop: Has<Hop, 'id' | 'traceId' | 'service' | 'closed' | 'event' | 'setKey' | 'setAttributes' | 'fail' | 'call' | 'openCalls' | 'toJSON'> = true
export const call: Has<Call, 'headers' | 'hopId' | 'target' | 'end' | 'toJSON'> = true
export const ofTracer: Has<Tracer, 'service' | 'hop' | 'active' | 'run' | 'begin' | 'issueId' | 'findHopBy' | 'consumes' | 'flush' | 'close' | 'stats' | 'toJSON'> = true
`

const settings = [
  ['commonjs', 'node10', 'program.cts'],
  ['node16', 'node16', 'program.cts', 'program.mts'],
  ['nodenext', 'nodenext', 'program.cts', 'program.mts'],
  ['esnext', 'bundler', 'program.mts'],
] as const

it.each(compilers)('TypeScript %s takes the types, however it resolves modules', async (compiler) => {
  for (const name of ['program.cts', 'program.mts']) await project.write(`types/${name}`, program)
  const always = ['--noEmit', '--strict', '--target', 'es2022', '--esModuleInterop', '--types', 'node']
  const words = settings.map(([module, resolution, ...names]) => [
    ...always,
    ...['--module', module, '--moduleResolution', resolution],
    ...(compiler === '6.0' && resolution === 'node10' ? ['--ignoreDeprecations', '6.0'] : []),
    ...names.map((name) => `types/${name}`),
  ])
  const check = built(new URL('check-types.fixture.ts', import.meta.url))
  const { stdout, stderr } = await node(project.dir, [check, `typescript-${compiler}`, JSON.stringify(words)])
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual(settings.map(() => ''))
})

describe('a test runner', { timeout: 300_000 }, () => {
  const test = (source: string): string => `${source}
test('is traced', async () => expect(await ask()).toBe('completed'))
`
  const jest = tool('jest/bin/jest.js')

  it('Jest requires them', async () => {
    await project.write('jest-cjs/a.test.js', test(asCommonJs))
    const env = { DATA: path.join(project.dir, 'data-jest-cjs') }
    const ran = await node(project.dir, [jest, '--rootDir', 'jest-cjs'], env)
    expect(ran.stderr).toContain('1 passed')
    expect(ran.code).toBe(0)
  })

  it('Jest imports them', async () => {
    await project.write('jest-esm/package.json', '{ "type": "module" }')
    await project.write('jest-esm/a.test.js', test(asEsm))
    const env = { DATA: path.join(project.dir, 'data-jest-esm'), NODE_OPTIONS: '--experimental-vm-modules' }
    const ran = await node(project.dir, [jest, '--rootDir', 'jest-esm', '--transform', '{}'], env)
    expect(ran.stderr).toContain('1 passed')
    expect(ran.code).toBe(0)
  })

  it('Vitest imports them', async () => {
    await project.write('vitest/a.test.mjs', `import { expect, test } from 'vitest'\n${test(asEsm)}`)
    await mkdir(path.join(project.dir, 'node_modules/vitest'), { recursive: true })
    await cp(tool('vitest'), path.join(project.dir, 'node_modules/vitest'), { recursive: true })
    const env = { DATA: path.join(project.dir, 'data-vitest'), NODE_PATH: path.join(repo, 'node_modules') }
    const ran = await node(project.dir, [tool('vitest/vitest.mjs'), 'run', '--root', 'vitest'], env)
    expect(ran.stdout).toContain('1 passed')
    expect(ran.code).toBe(0)
  })
})

describe('a bundle with hoptrace inside', { timeout: 300_000 }, () => {
  const bundle = async (
    name: string,
    make: (entry: string, outDir: string) => Promise<Ran>,
  ): Promise<string> => {
    const entry = await project.write(`bundle/${name}.mjs`, asEsm + printed)
    const outDir = path.join(project.dir, 'bundled', name)
    await mkdir(outDir, { recursive: true })
    const made = await make(entry, outDir)
    expect(made.code, made.stdout + made.stderr).toBe(0)
    return outDir
  }
  const esbuild = (format: string, file: string) => (entry: string, outDir: string) =>
    node(project.dir, [
      '-e',
      `require(${JSON.stringify(tool('esbuild'))}).buildSync({ entryPoints: [${JSON.stringify(entry)}], bundle: true, platform: 'node', format: '${format}', outfile: ${JSON.stringify(outDir)} + '/${file}' })`,
    ])
  const webpack = (entry: string, outDir: string) =>
    node(project.dir, [
      '-e',
      `require(${JSON.stringify(tool('webpack'))})({ mode: 'production', target: 'node', entry: ${JSON.stringify(entry)}, output: { path: ${JSON.stringify(outDir)}, filename: 'app.js' } }, (error, stats) => { if (error || stats.hasErrors()) { console.error(error ?? stats.toString()); process.exit(1) } })`,
    ])
  const ncc = (entry: string, outDir: string) =>
    node(project.dir, [tool('@vercel/ncc/dist/ncc/cli.js'), 'build', entry, '-o', outDir])

  it.each([
    ['esbuild, CommonJS', 'app.cjs', esbuild('cjs', 'app.cjs')],
    ['esbuild, ES modules', 'app.mjs', esbuild('esm', 'app.mjs')],
    ['webpack', 'app.js', webpack],
    ['ncc', 'index.mjs', ncc],
  ])('%s: it works, and says what is missing', async (kind, file, make) => {
    const name = kind.replace(/\W+/g, '-')
    const made = await bundle(name, make)
    // Elsewhere: nothing of the project is in reach.
    const away = path.join(project.dir, '..', `${path.basename(project.dir)}-${name}`)
    await cp(made, away, { recursive: true })
    try {
      const DATA = path.join(away, 'data')
      const alone = await node(away, [path.join(away, file)], { DATA })
      expect(JSON.parse(alone.stdout || alone.stderr)).toEqual({ verdict: 'completed' })
      const worker = path.join(project.dir, 'node_modules/@hoptrace/core/dist/hoptrace-worker.js')
      const hasWorker = !alone.stderr.includes('HOPTRACE_WORKER')
      if (!hasWorker) {
        expect(alone.stderr).toContain('Keep @hoptrace/core external')
        await cp(worker, path.join(away, 'hoptrace-worker.js'))
        await rm(DATA, { recursive: true })
        const whole = await node(away, [path.join(away, file)], { DATA })
        expect(whole).toMatchObject({ code: 0, stdout: '{"verdict":"completed"}\n' })
        // ncc replaces the place of the bundle: there the advice to keep core external holds.
        if (kind !== 'ncc') expect(whole.stderr).toBe('')
      }
    } finally {
      await rm(away, { recursive: true, force: true })
    }
  })
})

it.each(adapters)('@hoptrace/%s says what it depends on, and brings no framework', async (name) => {
  const { dependencies } = JSON.parse(
    (await node(project.dir, ['-p', `JSON.stringify(require('@hoptrace/${name}/package.json'))`])).stdout,
  ) as { dependencies: Record<string, string> }
  expect(Object.keys(dependencies)).toEqual(['@hoptrace/core'])
})
