import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'

/** What another process says of a run. */
async function isAliveElsewhere(runDir: string): Promise<string> {
  const module = new URL('dead-runs.ts', import.meta.url).href
  const program = `import { isRunAlive } from '${module}'; console.log(await isRunAlive(${JSON.stringify(runDir)}))`
  const args = [
    '--conditions=@hoptrace/source',
    '--import',
    import.meta.resolve('tsx'),
    '--input-type=module',
  ]
  const { stdout } = await promisify(execFile)(process.execPath, [...args, '-e', program])
  return stdout.trim()
}

describe.skipIf(process.platform !== 'linux')('a run whose shipping thread has ended', () => {
  it('is alive for as long as its process lives, though nobody holds its lock', async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'hoptrace-lost-thread-'))
    const held = async (runDir: string): Promise<string> => {
      mkdirSync(runDir)
      const worker = new Worker(new URL('lock-thread.fixture.mjs', import.meta.url), { workerData: runDir })
      await once(worker, 'message')
      await worker.terminate()
      return isAliveElsewhere(runDir)
    }
    try {
      expect(await held(path.join(dir, `1-${process.pid}-a1b2c3`))).toBe('true')
      // Named after a process that is not there: its lock alone counts.
      expect(await held(path.join(dir, '1-4194305-a1b2c3'))).toBe('false')
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })
})
