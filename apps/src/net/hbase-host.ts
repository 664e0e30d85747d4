import { script } from '@hoptrace/hbase-dev'
import type { Host } from './host.js'
import { run } from './shell.js'

/** A real HBase on a host of a network. */
export interface HostedHBase {
  /** `hbase://address:port`, good on every host of the network. */
  readonly url: string
  /** Stops it and deletes its data. */
  remove(): Promise<void>
}

let started = 0

/** Starts one; resolves when it answers. Rejects with what `dev/hbase/hbase-dev` printed. */
export async function startHBaseOn(host: Host): Promise<HostedHBase> {
  const env = [`HBASE_DEV_BIND=0.0.0.0`, `HBASE_DEV_HOST=${host.address}`]
  const name = ['--name', `net-${process.pid}-${++started}`, '--offset', '0']
  const call = (command: string): Promise<string> =>
    run('ip', ['netns', 'exec', host.namespace, 'env', ...env, script, command, ...name])
  // Nothing can be fetched from within the network.
  await run(script, ['install'])
  await call('start')
  return { url: `hbase://${host.address}:16000`, remove: async () => void (await call('wipe')) }
}
