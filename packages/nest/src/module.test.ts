import 'reflect-metadata'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { runInThisContext } from 'node:vm'
import { openTracers, type Tracer } from '@hoptrace/core'
import { exchange, openKitTracer } from '@hoptrace/testkit'
import * as common from '@nestjs/common'
import { Controller, Get } from '@nestjs/common'
import * as core from '@nestjs/core'
import { NestFactory } from '@nestjs/core'
import { Test } from '@nestjs/testing'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { decorate, moduleOf, platforms, running, serve } from './application.fixture.js'
import * as ours from './index.js'
import { HoptraceModule, InjectTracer, TRACER } from './index.js'

/** Answers the trace of the tracer that it is given. */
class Traces {
  private readonly tracer: Tracer
  constructor(tracer: Tracer) {
    this.tracer = tracer
  }
  one(): object {
    return { trace: this.tracer.hop?.traceId ?? null }
  }
}
Controller('traces')(Traces)
InjectTracer()(Traces, undefined, 0)
decorate(Traces, 'one', Get(':id'))

describe.each(platforms)('the module, on %s,', (_, adapter) => {
  it('provides the tracer everywhere, and leaves one that it was given open', async () => {
    await using kit = await openKitTracer()
    const imports = [HoptraceModule.forRoot(kit.tracer), { module: moduleOf({}), controllers: [Traces] }]
    {
      await using traced = await serve(adapter(), { imports })
      const { body } = await exchange(traced.port, { path: '/traces/1' })
      const [record] = await kit.records()
      expect(JSON.parse(body.toString())).toEqual({ trace: record?.traceId })
      expect(traced.app.get<Tracer>(TRACER)).toBe(kit.tracer)
    }
    expect(kit.tracer.active).toBe(true)
  })

  it('makes a tracer of options, also of what others provide, and closes it with the application', async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-nest-'))
    const config = {
      provide: 'config',
      useValue: { service: 'cats', dataDir, store: { kind: 'memory' as const } },
    }
    const Config = moduleOf({ providers: [config], exports: ['config'] })
    for (const module of [
      HoptraceModule.forRoot({ service: 'cats', dataDir, store: { kind: 'memory' } }),
      HoptraceModule.forRootAsync({
        imports: [Config],
        inject: ['config'],
        useFactory: (given: typeof config.useValue) => Promise.resolve(given),
      }),
    ]) {
      await using traced = await serve(adapter(), { imports: [module], controllers: [Traces] })
      const tracer = traced.app.get<Tracer>(TRACER)
      expect(tracer.service).toBe('cats')
      const { body } = await exchange(traced.port, { path: '/traces/1' })
      expect(body.toString()).not.toContain('null')
      await traced.app.close()
      expect(tracer.active).toBe(false)
    }
    expect(openTracers.size).toBe(0)
    await rm(dataDir, { recursive: true, force: true })
  })

  it('records a request once where it is imported twice', async () => {
    await using kit = await openKitTracer()
    const imports = [HoptraceModule.forRoot(kit.tracer), HoptraceModule.forRoot(kit.tracer)]
    await using traced = await serve(adapter(), { imports, controllers: [Traces] })
    await exchange(traced.port, { path: '/traces/1' })
    expect(await kit.records()).toMatchObject([{ route: '/traces/:id', status: 200 }])
  })

  it('records the requests of an application of @nestjs/testing', async () => {
    await using kit = await openKitTracer()
    const imports = [HoptraceModule.forRoot(kit.tracer)]
    const module = await Test.createTestingModule({ imports, controllers: [Traces] }).compile()
    await using traced = await running(module.createNestApplication(adapter(), { logger: false }))
    await exchange(traced.port, { path: '/traces/1' })
    expect(await kit.records()).toMatchObject([{ route: '/traces/:id', status: 200 }])
  })
})

it('provides the tracer of an application context, which serves nothing', async () => {
  await using kit = await openKitTracer()
  const context = await NestFactory.createApplicationContext(
    moduleOf({ imports: [HoptraceModule.forRoot(kit.tracer)] }),
    { logger: false, abortOnError: false },
  )
  expect(context.get<Tracer>(TRACER)).toBe(kit.tracer)
  await context.close()
})

describe('README.md', () => {
  it('shows an example that runs', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    const [, example = ''] = /```ts\n([^]*?)```/.exec(readme) ?? []
    const { outputText } = ts.transpileModule(example, {
      compilerOptions: {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
      },
    })
    const made: common.INestApplication[] = []
    const dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-nest-'))
    // The application as it is, in a directory of this test, and on any port.
    const factory = {
      create: async (module: never) => {
        const app = await NestFactory.create(module, { logger: false, abortOnError: false })
        made.push(app)
        return {
          enableShutdownHooks: () => undefined,
          listen: (port: number) => app.listen(port === 3000 ? 0 : port, '127.0.0.1'),
        }
      },
    }
    const forRoot = (options: { service: string }) =>
      HoptraceModule.forRoot({ ...options, dataDir, store: { kind: 'memory' } })
    const modules: Record<string, unknown> = {
      '@nestjs/common': common,
      '@nestjs/core': { ...core, NestFactory: factory },
      '@hoptrace/nest': { ...ours, HoptraceModule: { forRoot } },
    }
    const require = createRequire(import.meta.url)
    const run = runInThisContext(`(async (require, exports) => {${outputText}})`) as (
      ...given: unknown[]
    ) => Promise<void>
    await run((name: string) => modules[name] ?? (require(name) as unknown), {})
    const [app] = made
    const server = app?.getHttpServer() as Server
    const { port } = server.address() as AddressInfo
    expect((await exchange(port, { path: '/cats/Tom' })).body.toString()).toBe('{"name":"Tom"}')
    expect(app?.get<Tracer>(TRACER).stats().appended).toBeGreaterThan(0)
    await app?.close()
    await rm(dataDir, { recursive: true, force: true })
  })
})
