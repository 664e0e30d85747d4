import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { script } from './index.js'

const realm = 'HOPTRACE.TEST'
const run = promisify(execFile)
/** Servers are in a directory that is not in the path of each user. */
const searched = `${process.env['PATH']}:/usr/sbin:/sbin`

/** Why no test on Kerberos can run on this machine, or undefined if one can. */
export function kerberosUnavailableReason(): string | undefined {
  const install = path.join(path.dirname(script), 'kerberos/install')
  const { status, stdout, error } = spawnSync(install, ['--check'], { encoding: 'utf8' })
  if (error) return `dev/hbase/kerberos/install: ${error.message}`
  return status === 0 ? undefined : stdout.trim()
}

/**
 * A key distribution centre of its own, on loopback, with all its files in a temporary directory. It knows the servers `hbase/localhost` and
 * `other/localhost`, and the user `ada`.
 */
export class Kdc {
  /** With `krb5.conf`, the keys of HBase in `hbase.keytab`, and those of `ada` in `ada.keytab`. */
  readonly dir = mkdtempSync(path.join(tmpdir(), 'hoptrace-kdc-'))
  /** What a process needs to use it. Its tickets are in a file of the directory. */
  readonly env: Readonly<Record<string, string>> = {
    KRB5_CONFIG: path.join(this.dir, 'krb5.conf'),
    KRB5_KDC_PROFILE: path.join(this.dir, 'kdc.conf'),
    KRB5CCNAME: `FILE:${path.join(this.dir, 'tickets')}`,
  }
  #process: ChildProcess | undefined
  #port = 0

  private constructor() {}

  static async start(): Promise<Kdc> {
    const kdc = new Kdc()
    kdc.#port = await freePort()
    kdc.#configure()
    await kdc.#run('kdb5_util', ['-r', realm, 'create', '-s', '-P', 'a password'])
    const commands = ['hbase/localhost', 'other/localhost', 'ada'].flatMap((name) => [
      `addprinc -randkey ${name}`,
      `ktadd -k ${kdc.keytab(name)} ${name}`,
    ])
    for (const command of commands) await kdc.#run('kadmin.local', ['-r', realm, '-q', command])
    await kdc.resume()
    return kdc
  }

  /** The file with the keys of a principal. */
  keytab(name: string): string {
    return path.join(this.dir, `${name.split('/', 1)[0]}.keytab`)
  }

  /** `kinit`: a ticket of `ada` for some seconds, in place of an earlier one. */
  async login(seconds: number): Promise<void> {
    await this.#run('kinit', ['-k', '-t', this.keytab('ada'), '-l', `${seconds}s`, 'ada'])
  }

  /** `kdestroy`: no ticket. */
  logout(): void {
    rmSync(path.join(this.dir, 'tickets'), { force: true })
  }

  /** Is there a ticket that is still valid? */
  hasTicket(): boolean {
    return spawnSync('klist', ['-s'], { env: this.#env() }).status === 0
  }

  /** Ends its process. Its files stay. */
  async pause(): Promise<void> {
    const running = this.#process
    this.#process = undefined
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const ended = once(running, 'exit')
    running.kill()
    await ended
  }

  /** Starts its process, and resolves when it listens. */
  async resume(): Promise<void> {
    const started = spawn('krb5kdc', ['-r', realm, '-n'], { env: this.#env(), stdio: 'ignore' })
    this.#process = started
    const failed = once(started, 'exit').then(() => {
      throw new Error(`krb5kdc ended: see ${path.join(this.dir, 'kdc.log')}`)
    })
    failed.catch(() => undefined)
    while (!(await Promise.race([this.#listens(), failed]))) await sleep(20)
  }

  async stop(): Promise<void> {
    await this.pause()
    rmSync(this.dir, { recursive: true })
  }

  #listens(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = net.connect(this.#port, '127.0.0.1')
      socket.on('connect', () => resolve(true))
      socket.on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
  }

  #configure(): void {
    const inDir = (name: string): string => path.join(this.dir, name)
    const at = `127.0.0.1:${this.#port}`
    writeFileSync(
      inDir('krb5.conf'),
      `[libdefaults]
  default_realm = ${realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  ${realm} = {
    kdc = ${at}
  }
[domain_realm]
  localhost = ${realm}
[logging]
  kdc = FILE:${inDir('kdc.log')}
`,
    )
    writeFileSync(
      inDir('kdc.conf'),
      `[kdcdefaults]
  kdc_listen = ${at}
  kdc_tcp_listen = ${at}
[realms]
  ${realm} = {
    database_name = ${inDir('principals')}
    key_stash_file = ${inDir('stash')}
    acl_file = ${inDir('acl')}
  }
`,
    )
  }

  #env(): NodeJS.ProcessEnv {
    return { ...process.env, ...this.env, PATH: searched }
  }

  async #run(command: string, args: readonly string[]): Promise<void> {
    await run(command, args, { env: this.#env() })
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
