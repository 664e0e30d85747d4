import { createServer, type Server, type Socket } from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { startChild, type Child } from '../chain/child.js'
import { freePortList } from '../chain/ports.js'
import { CHAIN, type ChainService } from './plan.js'

const FRAMEWORKS: Readonly<Record<ChainService, string>> = {
  s1: 'fastify',
  s2: 'express',
  s3: 'koa',
  s4: 'fastify',
  s5: 'express',
}

/** The five processes of the harness, and a port that swallows what is sent to it. */
export class Fleet {
  readonly dataDir: string
  readonly #ports: readonly number[]
  readonly #blackHole: Server
  readonly #children = new Map<ChainService, Child>()
  readonly #dead = new Set<number>()

  private constructor(dataDir: string, ports: readonly number[], blackHole: Server) {
    this.dataDir = dataDir
    this.#ports = ports
    this.#blackHole = blackHole
  }

  /** Starts all five. */
  static async start(dataDir: string): Promise<Fleet> {
    const [holePort = 0, ...ports] = await freePortList(CHAIN.length + 1)
    const sockets = new Set<Socket>()
    const hole = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined).pause())
      socket.once('close', () => sockets.delete(socket))
    })
    await new Promise<void>((resolve) => hole.listen(holePort, '127.0.0.1', resolve))
    hole.once('close', () => sockets.forEach((socket) => socket.destroy()))
    const fleet = new Fleet(dataDir, [holePort, ...ports], hole)
    try {
      await Promise.all(CHAIN.map((name) => fleet.revive(name)))
    } catch (error) {
      await fleet.stop()
      throw error
    }
    return fleet
  }

  /** Where requests come in. */
  get entryUrl(): string {
    return this.#url(0)
  }

  /** Which process is which service now. */
  get processes(): string {
    return [...this.#children].map(([name, child]) => `${name} ${child.pid}`).join(', ')
  }

  /** Processes that have ended since the start. */
  get dead(): ReadonlySet<number> {
    return this.#dead
  }

  /** The files in which the services say what they did. */
  get truthFiles(): string[] {
    return CHAIN.map((name) => this.#truthFile(name))
  }

  /** Starts a service unless it runs. */
  async revive(name: ChainService): Promise<void> {
    if (this.#children.has(name)) return
    const index = CHAIN.indexOf(name)
    const next = CHAIN[index + 1]
    const child = await startChild(fileURLToPath(new URL('./service.ts', import.meta.url)), {
      NAME: name,
      FRAMEWORK: FRAMEWORKS[name],
      PORT: String(this.#ports[index + 1]),
      HOPTRACE_DIR: this.dataDir,
      TRUTH_FILE: this.#truthFile(name),
      BLACK_HOLE_URL: `http://127.0.0.1:${this.#ports[0]}/`,
      // Each waits a little longer than the next, so that the one before the fault gives up first.
      TIMEOUT: String(400 + 150 * (CHAIN.length - index)),
      ...(next === undefined ? {} : { NEXT_NAME: next, NEXT_URL: this.#url(index + 1) }),
    })
    this.#children.set(name, child)
    void child.ended.then(() => {
      this.#dead.add(child.pid)
      if (this.#children.get(name) === child) this.#children.delete(name)
    })
  }

  /** Sends a signal to a service, if it runs. */
  signal(name: ChainService, signal: NodeJS.Signals): void {
    this.#children.get(name)?.kill(signal)
  }

  /** Ends a service at once and resolves when its process is gone. */
  async down(name: ChainService): Promise<void> {
    const child = this.#children.get(name)
    child?.kill('SIGKILL')
    await child?.ended
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    const children = [...this.#children.values()]
    for (const child of children) {
      child.kill('SIGCONT')
      child.kill('SIGTERM')
    }
    const late = setTimeout(() => children.forEach((child) => child.kill('SIGKILL')), 10_000)
    await Promise.all(children.map((child) => child.ended))
    clearTimeout(late)
    await new Promise((resolve) => {
      this.#blackHole.close(resolve)
      this.#blackHole.emit('close')
    })
  }

  #url(index: number): string {
    return `http://127.0.0.1:${this.#ports[index + 1]}/`
  }

  #truthFile(name: ChainService): string {
    return path.join(this.dataDir, `truth-${name}.jsonl`)
  }
}
