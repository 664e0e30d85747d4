import 'reflect-metadata'
import { exchange, openKitTracer } from '@hoptrace/testkit'
import {
  Catch,
  Controller,
  ForbiddenException,
  Get,
  HttpException,
  NotFoundException,
  Param,
  ParseIntPipe,
  UseFilters,
  UseGuards,
  UseInterceptors,
  VersioningType,
  type ArgumentsHost,
  type ExceptionFilter,
  type MiddlewareConsumer,
} from '@nestjs/common'
import { ExceptionsHandler } from '@nestjs/core/exceptions/exceptions-handler.js'
import { describe, expect, it } from 'vitest'
import { decorate, platforms, serve } from './application.fixture.js'
import { HoptraceModule } from './index.js'

interface Reply {
  status?: (code: number) => { json?: (body: unknown) => void; send: (body: unknown) => void }
}

/** A filter that answers 418, whatever it catches. */
class Teapot implements ExceptionFilter {
  catch(_exception: unknown, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Required<Reply>>().status(418).send({ teapot: true })
  }
}
Catch()(Teapot)

class Cats {
  one(id: number): object {
    if (id === 404) throw new NotFoundException(`no cat ${id}`)
    if (id === 503) throw new HttpException('busy', 503)
    if (id === 500) throw Object.assign(new Error('the store is away'), { code: 'E_STORE' })
    return { id }
  }
  filtered(): never {
    throw Object.assign(new Error('poured'), { code: 'E_TEA' })
  }
  guarded(): object {
    return {}
  }
  intercepted(): object {
    return {}
  }
}
Controller('cats')(Cats)
decorate(Cats, 'one', Get('by/:id'))
Param('id', ParseIntPipe)(Cats.prototype, 'one', 0)
decorate(Cats, 'filtered', Get('filtered'), UseFilters(Teapot))
const forbid = { canActivate: () => false }
decorate(Cats, 'guarded', Get('guarded'), UseFilters(Teapot), UseGuards(forbid))
const refuse = {
  intercept: (): never => {
    throw new Error('by an interceptor')
  },
}
decorate(Cats, 'intercepted', Get('intercepted'), UseInterceptors(refuse))

class Gate {
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply(() => {
        throw new ForbiddenException('by a middleware')
      })
      .forRoutes('gate')
  }
}

const ownNext = (): unknown => Object.getOwnPropertyDescriptor(ExceptionsHandler.prototype, 'next')?.value
const original = ownNext()

describe.each(platforms)('Nest on %s', (name, adapter) => {
  it('records each exception, whichever filter answers it, and answers as without', async () => {
    const paths = [
      '/cats/by/7',
      '/cats/by/seven',
      '/cats/by/404',
      '/cats/by/503',
      '/cats/by/500',
      '/cats/filtered',
      '/cats/guarded',
      '/cats/intercepted',
      '/gate',
      '/nowhere',
    ]
    const gate = { module: Gate }
    const answersOf = async (port: number): Promise<unknown[]> => {
      const answers = []
      for (const path of paths) {
        const { status, body } = await exchange(port, { path })
        answers.push([status, body.toString()])
      }
      return answers
    }
    await using kit = await openKitTracer()
    {
      await using bare = await serve(adapter(), { imports: [gate], controllers: [Cats] })
      await using traced = await serve(adapter(), {
        imports: [HoptraceModule.forRoot(kit.tracer), gate],
        controllers: [Cats],
      })
      expect(await answersOf(traced.port)).toEqual(await answersOf(bare.port))
    }
    const seen = (await kit.records()).map(({ route, status, error }) => [
      route,
      status,
      error?.name,
      error?.message,
    ])
    expect(seen).toEqual([
      ['/cats/by/:id', 200, undefined, undefined],
      ['/cats/by/:id', 400, 'BadRequestException', ''],
      ['/cats/by/:id', 404, 'NotFoundException', ''],
      ['/cats/by/:id', 503, 'HttpException', 'busy'],
      ['/cats/by/:id', 500, 'Error', 'the store is away'],
      ['/cats/filtered', 418, 'Error', 'poured'],
      ['/cats/guarded', 418, 'ForbiddenException', ''],
      ['/cats/intercepted', 500, 'Error', 'by an interceptor'],
      // Fastify has no route for it.
      [name === 'Express' ? '/gate' : null, 403, 'ForbiddenException', ''],
      [null, 404, undefined, undefined],
    ])
  })

  it('has the template with the prefix and the version of a route', async () => {
    await using kit = await openKitTracer()
    class Versioned {
      one(): object {
        return {}
      }
    }
    Controller({ path: 'dogs', version: '2' })(Versioned)
    decorate(Versioned, 'one', Get(':id'))
    const prepare = (app: Parameters<NonNullable<Parameters<typeof serve>[2]>>[0]): void => {
      app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI })
    }
    const imports = [HoptraceModule.forRoot(kit.tracer)]
    await using traced = await serve(adapter(), { imports, controllers: [Versioned] }, prepare)
    await exchange(traced.port, { path: '/api/v2/dogs/7' })
    expect(await kit.records()).toMatchObject([{ route: '/api/v2/dogs/:id', status: 200, error: null }])
  })

  it('gives Nest its own method back when the last tracer closes', async () => {
    {
      await using kit = await openKitTracer()
      await using _ = await serve(adapter(), { imports: [HoptraceModule.forRoot(kit.tracer)] })
      expect(ownNext()).not.toBe(original)
    }
    expect(ownNext()).toBe(original)
  })
})
