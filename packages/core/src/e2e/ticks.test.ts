import { expect, it } from 'vitest'
import { tempDir } from '../log/test-run.fixture.js'
import { tickKinds } from './tick-kinds.fixture.js'

it('a process at rest that is traced keeps process.nextTick as fast as it was', async () => {
  using dir = tempDir()
  const kinds = await tickKinds({ dir: dir.path, dataDir: dir.path })
  expect(kinds.length).toBeGreaterThan(0)
  expect(new Set(kinds)).toEqual(new Set(['MONOMORPHIC']))
})
