import { describe, expect, it } from 'vitest'
import { readRun } from '../log/read-run.js'
import { tempDir, testRunDir } from '../log/test-run.fixture.js'
import { TestProcess } from './process.fixture.js'

const slow = 30_000

describe('FileHopLog', () => {
  it(
    'continues in a new file if the system refuses to let one grow',
    async () => {
      using dir = tempDir()
      await using run = new TestProcess(['fill', dir.path, 3000], "trap '' XFSZ; ulimit -f 64")
      const { stats, tried } = (await run.next()) as {
        stats: { appended: number; dropped: number; errors: number }
        tried: number
      }
      expect(stats.errors).toBeGreaterThan(0)
      expect(stats.dropped).toBeGreaterThan(0)
      expect(stats.appended + stats.dropped).toBe(tried)
      const { hops, damage, dropped } = await readRun(testRunDir(dir.path, 'full'))
      expect(hops).toHaveLength(stats.appended)
      expect(damage).toBe(0)
      expect(dropped.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(0)
    },
    slow,
  )
})
