import { execFile, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdirSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The command that starts and stops HBase. Its data are next to the command, so never in the folder of a built copy. */
export const script = realpathSync(fileURLToPath(new URL('../hbase-dev', import.meta.url)))
const execFileAsync = promisify(execFile)

/** Where an instance has its files. */
export function dataDirOf(name: string): string {
  const { HBASE_DEV_DATA, HBASE_VERSION } = process.env
  const dir = HBASE_DEV_DATA ?? path.join(path.dirname(script), '.data')
  return path.join(
    HBASE_VERSION === undefined || HBASE_VERSION === '' ? dir : `${dir}-${HBASE_VERSION}`,
    name,
  )
}

/** Where the jars of the version in `HBASE_VERSION` are, or those of the usual version. */
export function jarsDir(): string {
  const { HBASE_DEV_LIB, HBASE_VERSION } = process.env
  const dir = HBASE_DEV_LIB ?? path.join(path.dirname(script), '.lib')
  return HBASE_VERSION === undefined || HBASE_VERSION === '' ? dir : `${dir}-${HBASE_VERSION}`
}

/** Has the version a REST gateway? The jars must be installed. */
export function hasGateway(): boolean {
  return readdirSync(jarsDir()).some((name) => name.startsWith('hbase-rest-'))
}

/** The instance to start. */
export interface HBaseOptions {
  /** Instance name, with separate data, ports and process. @default 'default', shared by all test files */
  name?: string
  /** Also start the REST gateway. @default false */
  rest?: boolean
  /** Region servers in the one JVM. Only for an instance with its own name. @default 1 */
  regionServers?: number
  /**
   * RPC over TLS only: a directory with `server.pem`, `server.key` and `ca.pem`. Only for an instance with its own name, and HBase 2.6 or newer.
   * @default no TLS
   */
  tls?: string
  /**
   * Clients authenticate by Kerberos: the directory of a {@link Kdc}. Only for an instance with its own name.
   * @default simple authentication
   */
  kerberos?: string
}

/** A running HBase. */
export interface HBaseInstance {
  /** `hbase://127.0.0.1:port` of the master's RPC port; `hbase+tls://localhost:port` with `tls`, and with `kerberos` alike. */
  readonly url: string
  /** `hbase://127.0.0.1:port` of the region server's RPC port; meaningless with several region servers. */
  readonly regionServerUrl: string
  /** `http://127.0.0.1:port` of the REST gateway, if `rest` is set. */
  readonly restUrl?: string
  /** SIGKILL of the JVM with master, region server and ZooKeeper. Only for an instance with its own name. */
  kill9(): Promise<void>
  /** SIGKILL of the REST gateway only. */
  killGateway(): Promise<void>
  /** SIGSTOP: connections stay open, but the process does not answer. */
  pause(part: 'hbase' | 'gateway'): Promise<void>
  /** SIGCONT. */
  resume(part: 'hbase' | 'gateway'): Promise<void>
  /** Restarts what was killed, and waits until it answers. */
  restart(): Promise<void>
  /** Returns the instance. The last user stops it, unless it was started by hand. Safe to call twice. */
  stop(): Promise<void>
  /** Like `stop()`, and deletes the data. Only for an instance with its own name. */
  wipe(): Promise<void>
}

/** Why no HBase can run on this machine (no Java, no Maven, ...), or undefined if one can. */
export function hbaseUnavailableReason(): string | undefined {
  const { status, stdout, error } = spawnSync(script, ['--check'], { encoding: 'utf8' })
  if (error) return `dev/hbase/hbase-dev: ${error.message}`
  return status === 0 ? undefined : stdout.trim()
}

/**
 * Starts (or shares) a real HBase and resolves when it answers. Rejects with the output of
 * `dev/hbase/hbase-dev`. Call `stop()` at the end.
 */
export async function startHBase(options: HBaseOptions = {}): Promise<HBaseInstance> {
  const lease = `${process.pid}.${randomUUID()}`
  const name = ['--name', options.name ?? 'default']
  const start = ['start', ...name, '--lease', lease, ...(options.rest ? ['--rest'] : [])]
  if (options.regionServers !== undefined) start.push('--servers', String(options.regionServers))
  if (options.tls !== undefined) start.push('--tls', options.tls)
  if (options.kerberos !== undefined) start.push('--kerberos', options.kerberos)
  await run(start)
  const port = parsePorts(await run(['ports', ...name]))
  const restUrl = options.rest ? `http://127.0.0.1:${port('REST')}` : undefined
  if (restUrl !== undefined) await makeFirstTable(restUrl)
  const secured = [...(options.tls ? ['+tls'] : []), ...(options.kerberos ? ['+kerberos'] : [])]
  const host = secured.length === 0 ? '127.0.0.1' : 'localhost'
  return {
    url: `hbase${secured.join('')}://${host}:${port('MASTER')}`,
    regionServerUrl: `hbase://127.0.0.1:${port('REGIONSERVER')}`,
    ...(restUrl === undefined ? {} : { restUrl }),
    kill9: async () => void (await run(['kill9', ...name])),
    killGateway: async () => void (await run(['kill9', '--rest', ...name])),
    pause: async (part) => void (await run(['pause', ...(part === 'gateway' ? ['--rest'] : []), ...name])),
    resume: async (part) => void (await run(['resume', ...(part === 'gateway' ? ['--rest'] : []), ...name])),
    restart: async () => void (await run(start)),
    stop: async () => void (await run(['stop', ...name, '--lease', lease])),
    wipe: async () => void (await run(['wipe', ...name])),
  }
}

/** The first table takes a gateway that has just started longer than a store waits. All later ones are made in time. */
async function makeFirstTable(restUrl: string): Promise<void> {
  const table = `${restUrl}/hbase_dev_first/schema`
  const headers = { accept: 'application/json', 'content-type': 'application/json' }
  const body = JSON.stringify({ ColumnSchema: [{ name: 'f' }] })
  const isMade = async () =>
    (await fetch(table, { headers })).ok || (await fetch(table, { method: 'PUT', headers, body })).ok
  while (!(await isMade().catch(() => false))) await setTimeout(100)
}

async function run(args: string[]): Promise<string> {
  try {
    const { stdout } = await execFileAsync(script, args, { encoding: 'utf8' })
    return stdout
  } catch (error) {
    const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string }
    throw new Error(`hbase-dev ${args.join(' ')} failed:\n${stdout}${stderr}`.trim(), { cause: error })
  }
}

function parsePorts(text: string): (key: string) => string {
  const ports = new Map(text.split('\n').map((line) => line.split('=', 2) as [string, string]))
  return (key) => {
    const port = ports.get(key)
    if (port === undefined) throw new Error(`hbase-dev ports printed no ${key}`)
    return port
  }
}
