import { describe, expect, it } from 'vitest'
import { run, whole } from '../compat/run.js'
import { repo } from './installed.fixture.js'

describe('npm run compat', { timeout: 900_000 }, () => {
  it('finds that a few frameworks and clients work on this Node', async () => {
    const [line] = process.versions.node.split('.')
    const told: string[] = []
    const { cells, nodes } = await run(
      repo,
      {
        nodes: whole.nodes.filter((one) => one === line),
        frameworks: whole.frameworks.filter(({ id }) => ['express-5', 'hono-2', 'http'].includes(id)),
        clients: whole.clients.filter(({ id }) => ['fetch', 'axios-1', 'got-14'].includes(id)),
      },
      (text) => told.push(text),
    )
    expect(nodes).toEqual([process.versions.node])
    expect(told.join('\n')).not.toMatch(/^ {2}/m)
    expect(cells.map(({ wrong }) => wrong)).toEqual(Array(12).fill(undefined))
  })
})
