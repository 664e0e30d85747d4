import { Body, ConflictException, Controller, Get, Param, Post } from '@nestjs/common'
import type { Tracer } from '@hoptrace/core'
import { InjectTracer } from '@hoptrace/nest'

interface Cat {
  readonly name: string
}

@Controller('cats')
export class CatsController {
  private readonly cats = new Map<string, Cat>()

  constructor(@InjectTracer() private readonly tracer: Tracer) {}

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
