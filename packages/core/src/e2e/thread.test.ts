import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { built } from '../../../../dev/built.mjs'
import { tempDir } from '../log/test-run.fixture.js'
import { TestService } from './test-service.fixture.js'
import { promisify } from 'node:util'

const run = promisify(execFile)
const index = built(new URL('../index.ts', import.meta.url))

/** A program that makes a tracer, does a job, and then runs the given code. */
const program = (dataDir: string, then: string): string => `
  import { createTracer } from ${JSON.stringify(index)}
  const tracer = createTracer({ service: 'ends', dataDir: ${JSON.stringify(dataDir)} })
  tracer.run({ name: 'job' }, () => 1)
  ${then}
`

describe('a process with a tracer', () => {
  it('ends by itself when its work is done', async () => {
    using dir = tempDir()
    const { stderr } = await run(process.execPath, [
      '--input-type=module',
      '-e',
      program(dir.path, `console.log('done')`),
    ])
    expect(stderr).toBe('')
  })

  it('ships though its own flags are not for a thread', async () => {
    using dir = tempDir()
    const { stdout, stderr } = await run(process.execPath, [
      '--input-type=module',
      '-e',
      program(dir.path, `await tracer.flush(); console.log(tracer.stats().shipped); await tracer.close()`),
    ])
    expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: '1', stderr: '' })
  })

  it('exits, and closes its tracer, though its shipping thread is stuck in the kernel', async () => {
    for (const end of ['exit', 'close'] as const) {
      using dir = tempDir()
      await using service = await TestService.start(
        { service: 'held', dataDir: dir.path, port: 0 },
        { execArgv: ['--import', new URL('stuck-worker.fixture.mjs', import.meta.url).href] },
      )
      const ended = once(service.child, 'exit')
      const pipe = path.join(tmpdir(), `hoptrace-stuck-${service.child.pid}`)
      if (end === 'close') await service.ask({ do: 'close' })
      void service.ask({ do: 'exit', code: 0 }).catch(() => undefined)
      const [code, signal] = (await ended) as [number | null, string | null]
      rmSync(pipe)
      // Node 20 cannot replace a process.
      expect([0, null]).toContain(code)
      expect([null, 'SIGKILL']).toContain(signal)
    }
  })
})
