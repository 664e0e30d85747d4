import { describe, expect, it } from 'vitest'
import { nodeOf } from './node-line.js'

describe('the Node of a bench', () => {
  it('is the one that runs the bench, or one that is named by its path', async () => {
    const current = await nodeOf('current')
    expect(current.version).toMatch(/^\d+\.\d+\.\d+/)
    expect(await nodeOf(current.execPath)).toEqual(current)
  })

  it('is missing with a message that names another way', async () => {
    await expect(nodeOf('/no/such/node')).rejects.toThrow('--node current')
  })
})
