import type { RunInfo } from '../../rundir/run-info.js'
import { mkdtemp, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LogHop } from '../../log/entries.js'
import { FileHopLog } from '../../log/index.js'
import { testCall, testClose, testHop, testId, testRun } from '../../log/test-run.fixture.js'
import { claimRunDir, processToken } from '../../rundir/index.js'
import { createResolver } from '../create-resolver.js'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-writer-'))
})

afterEach(() => rm(dir, { recursive: true, force: true }))

const now = (): bigint => BigInt(Date.now()) * 1_000_000n
const own = { pid: process.pid, process: processToken() }

interface Written {
  readonly log: FileHopLog
  readonly hop: LogHop
  readonly runDir: string
}

/** The verdict for a log with one hop. */
async function verdictOf(
  writer: Partial<RunInfo>,
  write: (written: Written) => void,
  claimed = true,
): Promise<string> {
  const run = testRun({ host: hostname(), ...writer })
  const runDir = path.join(dir, 'logs', 'orders', `${run.startNanos}-1-abcdef`)
  const log = new FileHopLog({ runDir, run: () => run, maxLogBytes: 1 << 20 })
  write({ log, hop: testHop(1000), runDir })
  const owned = claimed ? claimRunDir(runDir) : undefined
  const resolver = createResolver({ dir, live: false })
  const { verdict } = await resolver.resolve(testId(1000))
  await resolver.close()
  log.end()
  owned?.release()
  return verdict
}

describe('what a log leaves open', () => {
  it('runs when its own process lives and marked it just now', async () => {
    const verdict = await verdictOf(own, ({ log, hop }) => {
      log.open(hop)
      log.mark(now())
    })
    expect(verdict).toBe('running')
  })

  it.each([
    ['another process has its number', { pid: process.pid, process: 'another' }],
    ['nothing says which process it was', { pid: process.pid }],
    ['its process listens and does not answer', { ...own, endpoint: 'http://127.0.0.1:9/_hoptrace/v1' }],
  ])('is not said to run when %s', async (_, writer) => {
    const verdict = await verdictOf(writer, ({ log, hop }) => {
      log.open(hop)
      log.mark(now())
    })
    expect(verdict).toBe('undetermined')
  })

  it('is not running if its process continues in another directory', async () => {
    const write = ({ log, hop }: Written): void => {
      log.open(hop)
      log.mark(now())
    }
    expect(await verdictOf(own, write, false)).toBe('undetermined')
  })

  it('is not said to run when the log was not marked for long', async () => {
    const verdict = await verdictOf(own, ({ log, hop }) => {
      log.open(hop)
      log.mark(now() - 60_000_000_000n)
    })
    expect(verdict).toBe('undetermined')
  })

  it('is not said to run when its close may be what could not be kept', async () => {
    const verdict = await verdictOf(own, ({ log, hop }) => {
      log.open(hop)
      // Cannot be written: the close of that hop is lost, and counted.
      log.close(hop, {
        ...testClose(),
        error: { name: 'Error', message: 1 as unknown as string, code: null },
      })
      log.mark(now())
    })
    expect(verdict).toBe('undetermined')
  })

  it('is not running if it was opened again after a close that is shipped and deleted', async () => {
    const verdict = await verdictOf(own, ({ log, hop }) => {
      log.open(testHop(500))
      log.mark(now())
      log.call(hop, testCall(0))
    })
    expect(verdict).toBe('undetermined')
  })
})
