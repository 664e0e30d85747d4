import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeCertificate } from './certificate.js'
import { freePort } from './free-port.js'
import { searchPath, type Kind } from './kind.js'
import { kinds, unavailableReason, type ServerKind } from './kinds.js'

export { defaultDir } from './default-dir.js'
export { makeCertificate } from './certificate.js'
export { unavailableReason, type ServerKind }

/** A server to start. */
export interface ServerOptions {
  /** Where its data is. @default a new directory below the system's temporary one */
  readonly dir?: string
  /** It stays when this process ends, until `stop`. Otherwise it is killed then. @default false */
  readonly stays?: boolean
  /** MySQL and Redis: clients have to use TLS. The certificate is for `localhost`, its authority in `ca.pem` of the directory. @default false */
  readonly tls?: boolean
}

const startMillis = 120_000

/** Starts a server on 127.0.0.1, or finds the one that runs on the same data. Resolves when it answers. */
export async function startServer(kind: ServerKind, options: ServerOptions = {}): Promise<RunningServer> {
  const reason = unavailableReason(kind)
  if (reason !== undefined) throw new Error(reason)
  const dir = options.dir ?? mkdtempSync(path.join(tmpdir(), `hoptrace-${kind}-`))
  const server = new RunningServer(kind, dir, options)
  await server.restart()
  return server
}

/** A server on a port of 127.0.0.1 that was free. Its directory has the port, the password and the id of its process. */
export class RunningServer {
  readonly dir: string
  readonly #name: ServerKind
  readonly #kind: Kind
  readonly #stays: boolean
  readonly #tls: boolean
  #password = ''
  #port = 0
  /** The shell that kills the server when this process ends, even by SIGKILL. */
  #guard: ChildProcess | undefined

  constructor(kind: ServerKind, dir: string, { stays = false, tls = false }: ServerOptions) {
    this.#name = kind
    this.#kind = kinds[kind]
    this.dir = dir
    this.#stays = stays
    this.#tls = tls
  }

  /** With user and password: `mysql://user:password@127.0.0.1:port/hoptrace`, `redis://…`. Kafka has no users. */
  get url(): string {
    if (!this.#kind.hasLogin) return this.publicUrl
    const login = `hoptrace:${encodeURIComponent(this.#password)}`
    return this.publicUrl.replace('//', `//${login}@`)
  }

  /** The same without them. */
  get publicUrl(): string {
    const scheme = this.#tls ? `${this.#name}+tls` : this.#name
    return `${scheme}://${this.#tls ? 'localhost' : '127.0.0.1'}:${this.#port}${this.#kind.database}`
  }

  /** Starts it on its port and data, unless it runs. */
  async restart(): Promise<void> {
    await this.#prepare()
    if (this.#pid() !== undefined) return
    this.#spawn()
    const end = performance.now() + startMillis
    while (!(await this.#answers())) {
      const dead = this.#read('pid')?.endsWith('\n') === true && this.#pid() === undefined
      if (dead || performance.now() > end) {
        await this.kill9()
        const log = this.#read('log')?.slice(-3000)
        throw new Error(`${this.#kind.program} does not answer on port ${this.#port}:\n${log}`)
      }
      await sleep(50)
    }
  }

  /** SIGKILL. Resolves when the process is gone. */
  kill9(): Promise<void> {
    return this.#end('SIGKILL')
  }

  /** SIGTERM. Resolves when the process is gone. Its data stays. */
  stop(): Promise<void> {
    return this.#end('SIGTERM')
  }

  /** Like `kill9`, and removes the data. */
  async wipe(): Promise<void> {
    await this.kill9()
    rmSync(this.dir, { recursive: true, force: true })
  }

  /** SIGSTOP: connections stay, but nothing answers. Resolves when all threads have stopped. */
  async pause(): Promise<void> {
    const pid = this.#pid() as number
    process.kill(pid, 'SIGSTOP')
    const runs = (thread: string): boolean =>
      !/\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'))
    while (readdirSync(`/proc/${pid}/task`).some(runs)) await sleep(5)
  }

  /** SIGCONT. */
  resume(): void {
    process.kill(this.#pid() as number, 'SIGCONT')
  }

  async #prepare(): Promise<void> {
    if (this.#read('password') === undefined) {
      mkdirSync(this.dir, { recursive: true, mode: 0o700 })
      // It has what a URL must encode.
      const password = `${randomBytes(12).toString('hex')}@:/`
      await this.#kind.prepare(this.dir, password)
      if (this.#tls) makeCertificate(this.dir)
      writeFileSync(`${this.dir}/port`, `${await freePort()}`)
      writeFileSync(`${this.dir}/password`, password, { mode: 0o600 })
    }
    this.#password = this.#read('password') ?? ''
    this.#port = Number(this.#read('port'))
  }

  #spawn(): void {
    rmSync(`${this.dir}/pid`, { force: true })
    const log = openSync(`${this.dir}/log`, 'a')
    const begin = '"$@" </dev/null & echo $! >"$0/pid"'
    const script = this.#stays ? begin : `${begin}; cat; kill -9 $! 2>/dev/null`
    const { program, args } = this.#kind
    this.#guard = spawn('sh', ['-c', script, this.dir, program, ...args(this.dir, this.#port, this.#tls)], {
      env: { ...process.env, PATH: searchPath },
      detached: true,
      stdio: [this.#stays ? 'ignore' : 'pipe', log, log],
    })
    closeSync(log)
    this.#guard.unref()
    ;(this.#guard.stdin as net.Socket | null)?.unref()
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const pid = this.#pid()
    if (pid !== undefined) {
      process.kill(pid, signal)
      while (this.#pid() === pid) await sleep(20)
    }
    this.#guard?.stdin?.end()
    this.#guard = undefined
  }

  /** The process that serves this data; undefined when it is gone. */
  #pid(): number | undefined {
    const pid = Number(this.#read('pid'))
    if (!(pid > 1) || !isAlive(pid)) return undefined
    // Its number may belong to another process by now. Redis replaces its command line, and a process that starts or ends has none.
    const command = readOrNothing(`/proc/${pid}/cmdline`) ?? ''
    const ours = [this.dir, `redis-server 127.0.0.1:${this.#read('port')}`]
    return command === '' || ours.some((text) => command.includes(text)) ? pid : undefined
  }

  #read(name: string): string | undefined {
    return readOrNothing(`${this.dir}/${name}`)
  }

  #answers(): Promise<boolean> {
    const { hello, isReady, beginsWithTls } = this.#kind
    return new Promise((resolve) => {
      let answer = ''
      const greet = (): void => void socket.write(hello(this.#password))
      const place = { port: this.#port, host: '127.0.0.1' }
      // It is the server that this process has made.
      const socket =
        this.#tls && beginsWithTls
          ? tls.connect({ ...place, rejectUnauthorized: false }, greet)
          : net.connect(place, greet)
      const done = (): void => {
        socket.destroy()
        resolve(isReady(answer))
      }
      socket.setTimeout(1000, done).on('error', done).on('close', done)
      socket.on('data', (data: Buffer) => {
        answer += data.toString('latin1')
        if (isReady(answer)) done()
      })
    })
  }
}

/** Not when it has ended and only its parent has not asked for its exit code. */
function isAlive(pid: number): boolean {
  const state = /\) (\w) /.exec(readOrNothing(`/proc/${pid}/stat`) ?? '')?.[1]
  return state !== undefined && state !== 'Z' && state !== 'X'
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
