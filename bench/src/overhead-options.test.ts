import { describe, expect, it } from 'vitest'
import { overheadOptions } from './overhead-options.js'

describe('the options of the overhead bench', () => {
  it('are all frameworks and works on Node 24 without arguments, and a second bare', () => {
    const options = overheadOptions([])
    expect(options.frameworks).toEqual(['express', 'koa', 'fastify'])
    expect(options.works).toEqual(['leaf', 'order'])
    expect(options.variants).toEqual(['bare', 'again', 'hoptrace', 'otel'])
    expect(options.nodes).toEqual(['24'])
    expect(options.soak).toBeUndefined()
  })

  it('take lists, and measure bare whatever the list of modes is', () => {
    const options = overheadOptions([
      '--node',
      '20,22',
      '--only',
      'koa',
      '--modes',
      'otel,hook',
      '--rounds',
      '7',
    ])
    expect(options).toMatchObject({ nodes: ['20', '22'], frameworks: ['koa'], rounds: 7 })
    expect(options.variants).toEqual(['bare', 'hook', 'otel'])
  })

  it.each([
    [['--only', 'hapi'], '--only has no "hapi", only express, koa, fastify'],
    [['--modes', 'hoptrace,zipkin'], '--modes has no "zipkin"'],
    [['--work', ''], '--work has no ""'],
    [['--rounds', '0'], '--rounds takes 1, 2, 3 …, not "0"'],
    [['--soak', '1e'], '--soak takes'],
  ])('refuse %j', (args, message) => {
    expect(() => overheadOptions(args)).toThrow(message)
  })
})
