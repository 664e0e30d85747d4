import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { identify, isAlive, type ProcessIdentity } from '../chain/process-identity.js'
import { freePorts } from '../chain/ports.js'
import type { Ports } from '../chain/services.js'
import { parseDemoArguments } from './arguments.js'
import { readDemoState, writeDemoState } from './demo-file.js'
import { DEMO } from './leftovers.js'
import { endAll, prepare } from './prepare.js'

describe('making room for a demo', () => {
  let dataDir: string
  let ports: Ports
  let stranger: ProcessIdentity
  let exited: Promise<unknown>

  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-demo-'))
    ports = await freePorts()
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' })
    exited = once(child, 'exit')
    await once(child, 'spawn')
    const identity = identify(child.pid ?? 0)
    expect.assert(identity)
    stranger = identity
  })

  afterEach(async () => {
    if (isAlive(stranger)) process.kill(stranger.pid, 'SIGKILL')
    await exited
    await rm(dataDir, { recursive: true, force: true })
  })

  const options = () => ({ ...parseDemoArguments([]), dataDir, ports })

  it('ends what a killed demo left running, and keeps the number of the next order', async () => {
    writeDemoState(dataDir, { processes: [{ ...stranger, name: 'orders', port: 1 }], nextOrder: 43 })
    expect(await prepare(options())).toEqual(['orders'])
    expect(isAlive(stranger)).toBe(false)
    expect(readDemoState(dataDir)).toEqual({ processes: [], nextOrder: 43 })
  })

  it('never ends a process that only has the pid of one that it started', async () => {
    const processes = [{ pid: stranger.pid, started: 'earlier', name: 'orders', port: 1 }]
    writeDemoState(dataDir, { processes, nextOrder: 1 })
    expect(await endAll({ dataDir })).toEqual([])
    expect(isAlive(stranger)).toBe(true)
  })

  it('refuses while a demo is up, and says how to stop it', async () => {
    writeDemoState(dataDir, { processes: [{ ...stranger, name: DEMO, port: null }], nextOrder: 1 })
    await expect(prepare(options())).rejects.toThrow(/is up already \(process \d+\)[^]*--stop/)
    expect(isAlive(stranger)).toBe(true)
  })

  it('names the port that is taken, and the option', async () => {
    const server = createServer().listen(ports.payments, '127.0.0.1')
    await once(server, 'listening')
    await expect(prepare(options())).rejects.toThrow(
      new RegExp(`port ${ports.payments}, which payments needs, is taken[^]*--port-base`),
    )
    server.close()
  })

  it('takes a state file that makes no sense for none', () => {
    writeDemoState(
      dataDir,
      JSON.parse('{"processes":[{"pid":1,"started":"x","name":"init"},7],"nextOrder":"x"}') as never,
    )
    expect(readDemoState(dataDir)).toEqual({ processes: [], nextOrder: 1 })
  })
})

describe('the options of the demo', () => {
  it('have defaults', () => {
    expect(parseDemoArguments([])).toMatchObject({ dataDir: '.hoptrace/demo', store: 'level', keep: false })
    expect(parseDemoArguments(['--port-base', '5000']).ports).toMatchObject({ gateway: 5000, notify: 5004 })
  })

  it.each([['--port-base', '65535'], ['--store', 'oracle'], ['--orders', '0'], ['--nonsense']])(
    'refuse %s %s',
    (...args) => {
      expect(() => parseDemoArguments(args)).toThrow(TypeError)
    },
  )
})
