import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { clusterKey } from './outsider.fixture.js'
import { hoptrace } from './processes.fixture.js'
import { askAll, resolved } from './questions.fixture.js'
import { Scene } from './scene.fixture.js'

// Many commands, each a process.
vi.setConfig({ testTimeout: 300_000 })

/** A port of loopback that counts who comes. */
class Trap implements AsyncDisposable {
  met = 0
  readonly #server: Server = createServer((socket) => {
    this.met++
    socket.destroy()
  })

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

type Json = Record<string, unknown>

/** The row inside a document of the registry, and the document with another row. */
function rowIn(text: string): { readonly row: Json; readonly withRow: (row: Json) => Json } {
  const document = JSON.parse(text) as Json
  const inner = document['row']
  if (inner === undefined) return { row: document, withRow: (row) => row }
  if (typeof inner === 'string')
    return { row: JSON.parse(inner) as Json, withRow: (row) => ({ ...document, row: JSON.stringify(row) }) }
  return { row: inner as Json, withRow: (row) => ({ ...document, row }) }
}

/** Foreign rows and a foreign log, all of which lead to the trap and to the tree of others. */
function plantRows(scene: Scene, port: number): void {
  const registry = path.join(scene.dataDir, 'registry')
  const [file = ''] = readdirSync(registry).filter((name) => name.endsWith('.json'))
  const { row, withRow } = rowIn(readFileSync(path.join(registry, file), 'utf8'))
  const forged = {
    ...row,
    service: 'healthy',
    address: `127.0.0.1:${port}`,
    aliases: [`127.0.0.1:${port}`, 'localhost:1'],
    endpoint: `http://127.0.0.1:${port}/_hoptrace/v1`,
    stores: [
      `hbase+http://127.0.0.1:${port}`,
      `hbase://127.0.0.1:${port}`,
      `level:${scene.outside}`,
      'level:../outside',
    ],
    heartbeatMillis: Date.now(),
    state: 'running',
  }
  const logDirs = [scene.outside, '../outside', 'logs/../../outside', 'logs/healthy/../../../outside']
  for (const [index, logDir] of logDirs.entries()) {
    const name = (more: number): string =>
      path.join(registry, `127.0.0.1_${port}-0-${1795359600000000000n + BigInt(index * 10 + more)}.json`)
    const made = { ...forged, logDir }
    // With the signature of another row, with none, and as nothing but a row.
    writeFileSync(name(0), JSON.stringify(withRow(made)))
    writeFileSync(name(1), JSON.stringify({ ...withRow(made), mac: undefined }))
    writeFileSync(name(2), JSON.stringify(made))
    writeFileSync(
      name(3),
      JSON.stringify({ ...withRow({ ...made, host: 'elsewhere' }), mac: 'f'.repeat(32) }),
    )
  }
}

async function recordHealthy(scene: Scene): Promise<void> {
  const service = await scene.service('healthy')
  await service.work({ task: 'shipped' })
  await service.control('flush')
  await service.work({ task: 'logged' })
  await service.kill()
}

describe('a row that nobody of the cluster has signed', () => {
  it('18.3, 18.4, 17.4 leads neither a question nor a living service anywhere', async () => {
    await using scene = new Scene()
    await using trap = await new Trap().listen()
    await recordHealthy(scene)
    plantRows(scene, trap.port)
    for (const task of ['shipped', 'logged']) await askAll(scene.dataDir, task, 'healthy')
    await hoptrace(['ship', scene.dataDir])
    const living = await scene.service('living')
    await living.work({ task: 'living', call: [`${living.url}/work`] })
    await living.control('flush')
    await new Promise((resolve) => setTimeout(resolve, 3000))
    await living.control('close')
    expect(trap.met).toBe(0)
    expect(scene.changedOutside()).toEqual([])
  })

  it('18.3 is told of, and proves no absence', async () => {
    await using scene = new Scene()
    await using trap = await new Trap().listen()
    await recordHealthy(scene)
    plantRows(scene, trap.port)
    for (const task of ['shipped', 'logged']) {
      const { verdict, hops } = await resolved(scene.dataDir, `task=${task}`)
      expect({ verdict, hops: hops.length }).toEqual({ verdict: 'completed', hops: 1 })
    }
    const none = await hoptrace(['find', 'task=none', '--dir', scene.dataDir])
    expect(none.code).toBe(3)
    expect(none.stderr).toMatch(/forged|signed|another key/i)
    const listed = await hoptrace(['instances', '--dir', scene.dataDir])
    expect(`${listed.stdout}${listed.stderr}`).toMatch(/forged|signed|another key/i)
    expect(listed.stdout).not.toContain(String(trap.port))
  })
})

describe('a run of somebody with another key', () => {
  it('18.3 decides nothing, though its row and its log are in the same data directory', async () => {
    await using scene = new Scene()
    const theirs = await scene.service('theirs', { clusterKey })
    const edge = await scene.service('edge')
    const { body } = await theirs.work({ task: 'theirs', error: 'their own failure' })
    const call = [`${theirs.url}/work`]
    await edge.work({ task: 'answered', call })
    theirs.signal('SIGSTOP')
    const cut = edge.work({ task: 'killed', call })
    await new Promise((resolve) => setTimeout(resolve, 300))
    await theirs.kill()
    await cut
    for (const subject of ['task=answered', 'task=killed']) {
      const { verdict, hops, evidence, endedAt } = await resolved(scene.dataDir, subject)
      expect(hops.map(({ service }) => service)).toEqual(['edge'])
      expect(['completed', 'undetermined']).toContain(verdict)
      expect(evidence.join('\n')).toMatch(/under another key \([0-9a-f]{8}\)/)
      expect(JSON.stringify([endedAt, evidence])).not.toContain('their own failure')
    }
    const own = await resolved(scene.dataDir, body.hopId)
    expect(own).toMatchObject({ verdict: 'undetermined', hops: [] })
    expect(own.evidence.join('\n')).toMatch(/registered under another key \([0-9a-f]{8}\)/)
  })

  it('18.3, 17.4 is named as one; nothing that it names is opened, and it is not shipped', async () => {
    await using scene = new Scene()
    await using trap = await new Trap().listen()
    await recordHealthy(scene)
    // What they record is whole and well signed, by them.
    const theirs = path.join(scene.root, 'theirs')
    mkdirSync(theirs, { mode: 0o750 })
    const store = path.join(scene.outside, 'store')
    const logged = await scene.service('theirs', {
      dataDir: theirs,
      clusterKey,
      store: { kind: 'level', dir: store },
    })
    const { body } = await logged.work({ task: 'theirs' })
    await logged.kill()
    const hbase = await scene.service('theirs', {
      dataDir: theirs,
      clusterKey,
      store: { kind: 'hbase', url: `hbase+http://127.0.0.1:${trap.port}` },
    })
    await hbase.work({ task: 'theirs' })
    await hbase.kill()
    for (const part of ['logs', 'registry'])
      cpSync(path.join(theirs, part), path.join(scene.dataDir, part), {
        recursive: true,
        filter: (name) => !name.endsWith('.sock') && path.basename(name) !== 'HOPTRACE',
      })
    const met = trap.met
    const had = existsSync(store) ? readdirSync(store, { recursive: true }).length : 0
    const { evidence } = await resolved(scene.dataDir, body.hopId)
    expect(evidence.join('\n')).toMatch(/registered under another key \([0-9a-f]{8}\)/)
    await askAll(scene.dataDir, 'shipped', 'theirs')
    await hoptrace(['ship', scene.dataDir])
    const living = await scene.service('living')
    await living.work({ task: 'living' })
    await living.control('flush')
    await new Promise((resolve) => setTimeout(resolve, 3000))
    expect(trap.met).toBe(met)
    expect(existsSync(store) ? readdirSync(store, { recursive: true }).length : 0).toBe(had)
  })
})
