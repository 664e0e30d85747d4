import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createResolver, shipDeadRuns, type Store } from '../index.js'
import { tempDir } from '../log/test-run.fixture.js'
import { fileRegistry } from '../store/registry/file-registry.js'
import { openRunStore } from '../store/spec-url.js'
import { eventually, TestService } from './test-service.fixture.js'

const quick = { windowMillis: 500, graceMillis: 100 }

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

interface Ids {
  readonly open: string
  readonly before: readonly string[]
  readonly after: readonly string[]
}

/** A process that was stopped as its first jobs were done, before its recorder had begun; its log looks an hour old. */
async function stoppedEarly(dataDir: string): Promise<{ service: TestService; runDir: string }> {
  const service = await TestService.start(
    { service: 'moved', dataDir, ...quick, port: await freePort() },
    { program: 'stopped-early.fixture.ts' },
  )
  const isStopped = () => / T /.test(readFileSync(`/proc/${service.child.pid}/stat`, 'latin1'))
  await eventually(async () => isStopped() || undefined)
  const [name = ''] = readdirSync(path.join(dataDir, 'logs', 'moved'))
  const runDir = path.join(dataDir, 'logs', 'moved', name)
  const owner = path.join(runDir, 'owner-1.sock')
  expect(readdirSync(runDir)).toEqual(['00000001.log', 'HOPTRACE', 'log.lost', 'owner-1.sock'])
  // As where no socket can be made: then the age of the log alone says that its process is gone.
  rmSync(owner)
  writeFileSync(owner, '')
  const hour = new Date(Date.now() - 3_600_000)
  utimesSync(path.join(runDir, '00000001.log'), hour, hour)
  return { service, runDir }
}

/** Ships what looks dead, and lets nothing into the store before `gate`. */
function adoptBehind(dataDir: string, gate: Promise<void>) {
  const openStore = (run: Parameters<typeof openRunStore>[0]): Store => {
    const store = openRunStore(run, dataDir)
    const put = store.put.bind(store)
    return Object.assign(store, { put: (rows: Parameters<typeof put>[0]) => gate.then(() => put(rows)) })
  }
  return shipDeadRuns({ dataDir, registry: fileRegistry(dataDir), openStore })
}

async function verdicts(dataDir: string, ids: readonly string[]): Promise<string[]> {
  const resolver = createResolver({ dir: dataDir })
  const found: string[] = []
  for (const id of ids) {
    const { verdict, hops } = await resolver.resolve(id)
    const own = hops.filter(({ hopId }) => hopId === id)
    found.push(own.length > 1 ? 'twice' : verdict)
  }
  await resolver.close()
  return found
}

/** How often a range gives each hop of the service. */
async function told(dataDir: string): Promise<Map<string, number>> {
  const resolver = createResolver({ dir: dataDir })
  const counts = new Map<string, number>()
  const from = new Date(Date.now() - 120_000)
  for await (const { hopId } of resolver.range({ service: 'moved', from, to: new Date() }))
    counts.set(hopId, (counts.get(hopId) ?? 0) + 1)
  await resolver.close()
  return counts
}

const all = (verdict: string, count: number): string[] => Array.from({ length: count }, () => verdict)

/** Without /proc the test cannot see when a process is stopped. */
describe.skipIf(process.platform !== 'linux')(
  'a run that was taken for dead while it was stopped',
  { timeout: 90_000 },
  () => {
    it('goes on in a fresh directory while its adopter is at work: nothing is lost, nothing doubled', async () => {
      using dir = tempDir()
      const { service, runDir } = await stoppedEarly(dir.path)
      await using _ = service
      let open = (): void => undefined
      const adopting = adoptBehind(dir.path, new Promise((resolve) => (open = resolve)))
      await eventually(async () => readdirSync(runDir).includes('owner-2.sock') || undefined)
      await sleep(500)
      await service.kill('SIGCONT')
      const { open: hop, before, after } = (await service.ask({ do: 'ids' })) as Ids
      await eventually(async () => service.errors.includes('this run continues in') || undefined)
      const later = (await service.ask({ do: 'jobs' })) as string[]
      const ended = [...before, ...after, ...later]
      await service.ask({ do: 'flush' })
      expect(await verdicts(dir.path, ended)).toEqual(all('completed', ended.length))
      expect(['running', 'undetermined']).toContain((await verdicts(dir.path, [hop]))[0])

      open()
      expect((await adopting).adopted).toMatchObject([{ run: { service: 'moved' } }])
      expect(['running', 'undetermined']).toContain((await verdicts(dir.path, [hop]))[0])
      await service.ask({ do: 'end' })
      await service.ask({ do: 'flush' })
      expect(await verdicts(dir.path, [...ended, hop])).toEqual(all('completed', ended.length + 1))
      const counts = await told(dir.path)
      for (const id of [...ended, hop]) expect(counts.get(id)).toBe(1)
      expect(await service.ask({ do: 'stats' })).toMatchObject({ shipped: ended.length + 1, dropped: 0 })
      await service.ask({ do: 'close' })
      expect(readdirSync(path.join(dir.path, 'logs', 'moved'))).toEqual([])
      expect(await verdicts(dir.path, [...ended, hop])).toEqual(all('completed', ended.length + 1))
    })

    it('goes on when its adopter was done before, with all that it wrote since', async () => {
      using dir = tempDir()
      const { service } = await stoppedEarly(dir.path)
      await using _ = service
      expect((await adoptBehind(dir.path, Promise.resolve())).adopted).toMatchObject([
        { hops: 11, interrupted: 1 },
      ])
      await service.kill('SIGCONT')
      const { open: hop, before, after } = (await service.ask({ do: 'ids' })) as Ids
      await eventually(async () => readdirSync(path.join(dir.path, 'logs', 'moved')).length > 0 || undefined)
      await service.ask({ do: 'flush' })
      const later = (await service.ask({ do: 'jobs' })) as string[]
      await service.ask({ do: 'end' })
      await service.ask({ do: 'flush' })
      const ended = [...before, ...after, ...later, hop]
      expect(await verdicts(dir.path, ended)).toEqual(all('completed', ended.length))
      expect((await service.ask({ do: 'stats' })) as object).toMatchObject({ dropped: 0 })
    })
  },
)
