import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { createResolver, type HopJson } from '@hoptrace/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { built } from '../../../dev/built.mjs'

const fixture = built(new URL('server.fixture.ts', import.meta.url))

let dir: string
const children = new Set<ChildProcess>()
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-otel-'))
})
afterEach(async () => {
  await Promise.all([...children].map(kill))
  children.clear()
  await rm(dir, { recursive: true, force: true, maxRetries: 5 })
})

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}

/** Starts a service that only OpenTelemetry instruments. */
async function start(...args: string[]): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [fixture, ...args], {
    env: { ...process.env, NODE_OPTIONS: '', HOPTRACE_DIR: path.join(dir, 'data') },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  const lines = createInterface({ input: child.stdout })
  const [port] = (await once(lines, 'line')) as [string]
  return { child, port: Number(port) }
}

/** Asks until the service is gone; adds the hops of the answers that arrived whole. */
async function askUntilGone(port: number, client: number, answered: string[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (let i = 0; ; i++) {
    const id = `${client}-${i}`
    const whole = await new Promise<boolean>((resolve) => {
      get({ agent, host: '127.0.0.1', port, path: `/orders/${id}` }, (res) => {
        text(res).then(
          (body) => {
            answered.push((JSON.parse(body) as { hopId: string }).hopId)
            resolve(true)
          },
          () => resolve(false),
        )
      }).on('error', () => resolve(false))
    })
    if (!whole) break
  }
  agent.destroy()
}

async function hopsOf(service: string): Promise<readonly HopJson[]> {
  const resolver = createResolver({ dir: path.join(dir, 'data') })
  const hops: HopJson[] = []
  for await (const hop of resolver.range({ service, from: 0 })) hops.push(hop)
  await resolver.close()
  return hops
}

describe("OpenTelemetry's own instrumentation, feeding hops", () => {
  it.each([1, 2, 3])('loses no finished hop to SIGKILL under load (%i)', async () => {
    const { child, port } = await start('orders')
    const answered: string[] = []
    const clients = Array.from({ length: 8 }, (_, client) => askUntilGone(port, client, answered))
    while (answered.length < 2000 && child.exitCode === null) await new Promise((next) => setTimeout(next, 5))
    await kill(child)
    await Promise.all(clients)
    const found = new Set(
      (await hopsOf('orders'))
        .filter(({ state, route, status }) => state === 'closed' && route === '/orders/:id' && status === 200)
        .map(({ hopId }): string => hopId),
    )
    expect(answered.filter((hopId) => !found.has(hopId))).toEqual([])
    expect(new Set(answered).size).toBeGreaterThanOrEqual(2000)
  })

  it('names the service that a request died in, two processes deep', async () => {
    const leaf = await start('payments')
    const { port } = await start('orders', String(leaf.port))
    const answerTo = async (id: string): Promise<{ status: number | undefined; body: string }> => {
      const [answer] = (await once(get({ port, path: `/orders/${id}` }), 'response')) as [IncomingMessage]
      return { status: answer.statusCode, body: await text(answer) }
    }
    const verdictOf = async (status: number): Promise<unknown> => {
      const entry = (await hopsOf('orders')).find((hop) => hop.status === status)
      const resolver = createResolver({ dir: path.join(dir, 'data') })
      const { verdict, hops, endedAt } = await resolver.resolve((entry as HopJson).hopId)
      await resolver.close()
      return { verdict, services: hops.map(({ service }) => service), endedAt: endedAt?.service }
    }
    expect(await answerTo('1')).toMatchObject({
      status: 200,
      body: expect.stringContaining('"id":"1"') as string,
    })
    expect(await verdictOf(200)).toMatchObject({ verdict: 'completed', services: ['orders', 'payments'] })
    expect(await answerTo('die')).toEqual({ status: 502, body: '' })
    expect(await verdictOf(502)).toMatchObject({ verdict: 'died', endedAt: 'payments' })
  })
})
