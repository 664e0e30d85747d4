import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { script } from '@hoptrace/hbase-dev'
import type { DemoArguments } from './arguments.js'
import { CannotStart } from './prepare.js'

/**
 * The arguments with the address of a real HBase in place of `--store hbase`: the one of `npm run hbase`, started when it is
 * not up. It stays up afterwards, so that what the demo left can be asked about.
 */
export async function withRealHBase(
  options: DemoArguments,
  say: (text: string) => Promise<void>,
): Promise<DemoArguments> {
  if (options.store !== 'hbase') return options
  await say('starting HBase, unless it is up (the first time: 100 MB of jars from Maven Central)')
  const started = await run('start')
  await say(started.trim())
  const master = /^MASTER=(\d+)$/m.exec(await run('ports'))?.[1]
  if (master === undefined) throw new CannotStart('hbase-dev ports printed no MASTER')
  await say('it stays up; end it with: npm run hbase -- stop')
  return { ...options, store: `hbase://127.0.0.1:${master}` }
}

async function run(command: string): Promise<string> {
  try {
    return (await promisify(execFile)(script, [command], { encoding: 'utf8' })).stdout
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string }
    throw new CannotStart(`HBase does not start: ${stderr.trim() || message}`)
  }
}
