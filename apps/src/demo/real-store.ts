import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { script } from '@hoptrace/hbase-dev'
import { defaultDir, startServer, unavailableReason, type ServerKind } from '@hoptrace/servers-dev'
import type { DemoArguments } from './arguments.js'
import { CannotStart } from './prepare.js'

/**
 * The arguments with the address of a real server in place of `--store hbase`, `mysql` or `redis`: the one of `npm run hbase` and so on,
 * started when it is not up. It stays up afterwards, so that what the demo left can be asked about.
 */
export async function withRealStore(
  options: DemoArguments,
  say: (text: string) => Promise<void>,
): Promise<DemoArguments> {
  const { store } = options
  if (store === 'hbase') return { ...options, store: await startHBase(say) }
  if (store === 'mysql' || store === 'redis') return withLogin(options, await startReal(store, say))
  return withLogin(options, store)
}

/** The services and the questions find the login in the environment; no command line and no message has it. */
function withLogin(options: DemoArguments, url: string): DemoArguments {
  const store = url.replace(/\/\/[^/]*@/, '//')
  if (store !== url) process.env['HOPTRACE_STORE_LOGINS'] = url
  return { ...options, store }
}

async function startHBase(say: (text: string) => Promise<void>): Promise<string> {
  await say('starting HBase, unless it is up (the first time: 100 MB of jars from Maven Central)')
  const started = await run('start')
  await say(started.trim())
  const master = /^MASTER=(\d+)$/m.exec(await run('ports'))?.[1]
  if (master === undefined) throw new CannotStart('hbase-dev ports printed no MASTER')
  await say('it stays up; end it with: npm run hbase -- stop')
  return `hbase://127.0.0.1:${master}`
}

/** The arguments with the address of a real Kafka in place of `--messages kafka`; it stays up as well. */
export async function withRealBroker(
  options: DemoArguments,
  say: (text: string) => Promise<void>,
): Promise<DemoArguments> {
  if (options.messages !== 'kafka') return options
  await say('starting Kafka, unless it is up (the first time: 50 MB of jars from Maven Central)')
  return { ...options, messages: new URL(await startReal('kafka', say)).host }
}

async function startReal(kind: ServerKind, say: (text: string) => Promise<void>): Promise<string> {
  const reason = unavailableReason(kind)
  if (reason !== undefined) throw new CannotStart(reason)
  const { url, publicUrl } = await startServer(kind, { dir: defaultDir(kind), stays: true })
  await say(`${publicUrl} is up, and stays up; end it with: npm run ${kind} -- stop`)
  return url
}

async function run(command: string): Promise<string> {
  try {
    return (await promisify(execFile)(script, [command], { encoding: 'utf8' })).stdout
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string }
    throw new CannotStart(`HBase does not start: ${stderr.trim() || message}`)
  }
}
