import { describe, expect, it } from 'vitest'
import { page, type Cell } from './table.js'

const subject = (id: string) => ({ id, title: id, packages: [] })
const cell = (framework: string, client: string, node: string, wrong?: string): Cell => ({
  framework: subject(framework),
  frameworkVersion: '1.2.3',
  client: subject(client),
  clientVersion: undefined,
  node,
  wrong,
})

describe('the page of compatibility', () => {
  it('counts what works, has one note for each reason to fail, and a dash where nothing was tried', () => {
    const cells = [
      cell('Express', 'got', '20.1.0'),
      cell('Express', 'fetch', '20.1.0'),
      cell('Express', 'got', '26.1.0', 'no `route`'),
      cell('Express', 'fetch', '26.1.0', 'no `route`'),
      cell('Koa', 'got', '26.1.0'),
    ]
    const text = page(cells, ['20.1.0', '26.1.0'], 'npm run compat')
    expect(text).toContain('5 combinations of a framework, a client and a line of Node were tried; 2 failed.')
    expect(text.split('\n').filter((line) => /^(?:\||\d\.)/.test(line))).toEqual([
      '| framework | Node 20.1.0 | Node 26.1.0 |',
      '| --- | --- | --- |',
      '| Express (1.2.3) | ✓ | 0 of 2 (1) |',
      '| Koa (1.2.3) | – | ✓ |',
      '| client | Node 20.1.0 | Node 26.1.0 |',
      '| --- | --- | --- |',
      '| got | ✓ | 1 of 2 (1) |',
      '| fetch | ✓ | 0 of 1 (1) |',
      "1. Express (1.2.3), Node 26.1.0: `no 'route'`: got, fetch",
    ])
  })

  it('has no notes where nothing fails', () => {
    expect(page([cell('Koa', 'got', '20.1.0')], ['20.1.0'], 'npm run compat')).not.toContain('What fails')
  })
})
