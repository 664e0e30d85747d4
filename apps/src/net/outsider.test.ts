import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { built } from '../../../dev/built.mjs'
import { Chain } from '../chain/chain.js'
import { freePorts } from '../chain/ports.js'
import { placeMany } from '../chain/shop.js'
import { describeNetwork } from './describe-network.js'

// What docs/security.md has one type who wants to see it, run as it is printed there: with the ports and the directory of this test in
// place of the demo's.

const command = built(new URL('../../../packages/cli/src/main.ts', import.meta.url))
const page = new URL('../../../docs/security.md', import.meta.url)

/** The commands of the page, by the comment in their first line. */
async function commandsOf(chain: Chain, gateway: number): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(page, 'utf8')
  const blocks = [...text.matchAll(/^```sh\n# ([^\n]+)\n(.*?)^```$/gms)]
  return new Map(
    blocks.map(([, name = '', body = '']) => [
      name,
      body
        .replaceAll('127.0.0.1:4000', `127.0.0.1:${gateway}`)
        .replaceAll('npx hoptrace', `${process.execPath} ${command}`)
        .replaceAll('.hoptrace/demo', chain.dataDir),
    ]),
  )
}

/** What a shell prints, to its end, with the exit code in the last line. */
function shell(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-u'], { stdio: ['pipe', 'pipe', 'pipe'], timeout: 120_000 })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (piece: string) => (output += piece))
    child.once('error', reject)
    child.once('exit', (code) => resolve(`${output}exit code ${code}`))
    child.stdin.end(text)
  })
}

describeNetwork('an outsider of the demo', () => {
  let chain: Chain
  let commands: ReadonlyMap<string, string>
  const of = (name: string): string => {
    const found = commands.get(name)
    if (found === undefined) throw new Error(`docs/security.md has no commands that begin with # ${name}`)
    return found
  }

  beforeAll(async () => {
    const ports = await freePorts()
    chain = new Chain({ ports, dataDir: await mkdtemp(path.join(tmpdir(), 'hoptrace-outsider-')) })
    commands = await commandsOf(chain, ports.gateway)
    await chain.startAll()
    await placeMany(
      chain.entryUrl,
      5,
      (index) => String(index + 1),
      () => undefined,
    )
    await shell(of('take the outsider away'))
    expect(await shell(of('an outsider, and an nginx that publishes the gateway'))).toMatch(/exit code 0$/)
  }, 120_000)
  afterAll(async () => {
    await shell(of('take the outsider away'))
    await chain.stopAll()
    await rm(chain.dataDir, { recursive: true, force: true })
  })

  it('18.1 reads nothing through nginx, and hoptrace beside it everything', async () => {
    const outside = await shell(of('the outsider'))
    const [order, ...answers] = outside.split('\n')
    expect(order).toMatch(/^201 /)
    expect(answers).toEqual([
      '404 instance',
      '404 metrics',
      '404 keys?name=orderId&value=1',
      '404 range?from=0&to=4000000000000000000',
      '404 progress/orderId%3D1',
      'exit code 0',
    ])
    const inside = await shell(of('hoptrace on the host'))
    expect(inside).toMatch(/completed/)
    for (const service of ['gateway', 'orders', 'payments', 'inventory', 'notify'])
      expect(inside).toContain(service)
    expect(inside).toContain('orderId=1')
  })
})
