import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { node, repo } from '../e2e/installed.fixture.js'
import { exportedChain, type Lake } from './lake.fixture.js'

describe('examples/duckdb, over the export of a chain whose services were killed', () => {
  let lake: Lake
  beforeAll(async () => {
    lake = await exportedChain()
  }, 300_000)
  afterAll(() => lake[Symbol.asyncDispose]())

  it('finds the graph, the latencies and the deaths that the resolver finds', async () => {
    const { expected, dir } = lake
    const { code, stdout, stderr } = await node(path.join(repo, 'examples/duckdb'), ['run.js', dir, '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual(expected)
  })

  it('has a chain that shows each of them', () => {
    const { graph, latency, deaths } = lake.expected
    expect(graph.map(({ caller, callee }) => `${caller} ${callee}`)).toEqual([
      'gateway orders',
      'orders notify',
      'orders payments',
      'payments inventory',
    ])
    expect(latency).toContainEqual(expect.objectContaining({ service: 'orders', route: '/orders' }))
    expect(deaths.map(({ service }) => service)).toEqual(['inventory', 'payments'])
  })
})
