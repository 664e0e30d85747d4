import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import type { InstanceRow } from '../../record/instance-row.js'
import { createResolver } from '../create-resolver.js'
import { testRow } from '../test-trace.fixture.js'

async function ask(state: InstanceRow['state']): Promise<string> {
  const row: InstanceRow = {
    ...testRow('orders', 4001),
    host: 'elsewhere',
    stores: [],
    endpoint: null,
    state,
  }
  const registry = {
    list: async () => ({ rows: [row], unread: [] }),
    put: async () => undefined,
    close: async () => undefined,
  }
  const resolver = createResolver({ dir: tmpdir(), registry: { name: 'test', ...registry } })
  try {
    return (await resolver.resolve('orderId=1')).verdict
  } finally {
    await resolver.close()
  }
}

describe('an unknown key, while an instance is unreachable', () => {
  it('is not reported as absent, because the instance may not have shipped it', async () => {
    await expect(ask('running')).rejects.toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
  })

  it('is nowhere when all that the instance left is shipped', async () => {
    expect(await ask('dead')).toBe('not-found')
  })
})
