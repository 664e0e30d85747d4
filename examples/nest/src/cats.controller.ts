import { Body, ConflictException, Controller, Get, Inject, Param, Post } from '@nestjs/common'
import type { Tracer } from '@hoptrace/core'
import { TRACER } from './tracing'

interface Cat {
  readonly name: string
}

@Controller('cats')
export class CatsController {
  private readonly cats = new Map<string, Cat>()

  constructor(@Inject(TRACER) private readonly tracer: Tracer) {}

  @Post()
  create(@Body() cat: Cat): Cat {
    this.tracer.hop?.setKey('cat', cat.name)
    if (this.cats.has(cat.name)) throw new ConflictException(`${cat.name} is there already`)
    this.cats.set(cat.name, cat)
    this.tracer.hop?.event('cat.created')
    return cat
  }

  @Get(':name')
  find(@Param('name') name: string): Cat | undefined {
    return this.cats.get(name)
  }
}
