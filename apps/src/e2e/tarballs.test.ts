import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const repo = fileURLToPath(new URL('../../..', import.meta.url))
const PACKED = ['core', 'hbase-client', 'express', 'axios', 'cli'] as const

// What a reader of the README would write, nothing of this repository in reach.
const PROGRAM = `
import express from 'express'
import axios from 'axios'
import { createResolver, createTracer } from '@hoptrace/core'
import { hoptrace } from '@hoptrace/express'
import { traceAxios } from '@hoptrace/axios'

const tracer = createTracer({ service: 'shop' })
const http = traceAxios(axios.create(), tracer)
const app = express().use(hoptrace(tracer))
app.get('/stock', (req, res) => res.json({ cups: 4 }))
app.get('/', async (req, res) => {
  tracer.hop?.setKey('orderId', '42')
  res.json((await http.get(\`http://127.0.0.1:\${server.address().port}/stock\`)).data)
})
const server = app.listen(0, '127.0.0.1', async () => {
  await fetch(\`http://127.0.0.1:\${server.address().port}/\`)
  await tracer.flush()
  const resolver = createResolver({})
  const { verdict, hops } = await resolver.resolve('orderId=42')
  console.log(JSON.stringify({ verdict, hops: hops.map((hop) => [hop.route, hop.status]) }))
  await resolver.close?.()
  server.close()
  await tracer.close()
})
`

describe('the packed packages, installed in an empty project', () => {
  let project: string

  beforeAll(async () => {
    project = await mkdtemp(path.join(tmpdir(), 'hoptrace-tarballs-'))
    await npm(repo, 'run', 'build')
    const workspaces = PACKED.flatMap((name) => ['--workspace', `packages/${name}`])
    await npm(repo, 'pack', ...workspaces, '--pack-destination', project)
    await writeFile(
      path.join(project, 'package.json'),
      JSON.stringify({ name: 'empty', private: true, type: 'module' }),
    )
    await writeFile(path.join(project, 'program.js'), PROGRAM)
    const tarballs = (await readdir(project))
      .filter((name) => name.endsWith('.tgz'))
      .map((name) => `./${name}`)
    expect(tarballs).toHaveLength(PACKED.length)
    await npm(
      project,
      'install',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      'express@5',
      'axios@1',
      ...tarballs,
    )
  })

  afterAll(() => rm(project, { recursive: true, force: true }))

  it('trace themselves in a program of a few lines', async () => {
    const { stdout, stderr } = await run(process.execPath, ['program.js'], { cwd: project, timeout: 240_000 })
    expect(JSON.parse(stdout)).toEqual({
      verdict: 'completed',
      hops: [
        ['/', 200],
        ['/stock', 200],
      ],
    })
    expect(stderr).toBe('')
  })

  it('bring the command, which answers about what the program left', async () => {
    const { stdout } = await run(
      path.join(project, 'node_modules/.bin/hoptrace'),
      ['resolve', 'orderId=42', '--json'],
      {
        cwd: project,
        timeout: 240_000,
      },
    )
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'completed' })
  })
})

// Without npm's settings for this process (workspace, user agent), because the project is not this workspace.
async function npm(cwd: string, ...args: string[]): Promise<void> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?!config_)|^NODE_OPTIONS$/.test(name)),
  )
  await run('npm', args, { cwd, env, timeout: 280_000, maxBuffer: 1e8 })
}
