import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, realpathSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.js'
import type { Kind } from './kind.js'

/** Next to the sources, never in the folder of a built copy. */
const script = realpathSync(fileURLToPath(new URL('../kafka/install', import.meta.url)))
const java = path.join(
  process.env['JAVA_HOME'] ?? '',
  process.env['JAVA_HOME'] === undefined ? '' : 'bin',
  'java',
)
const lib = process.env['KAFKA_DEV_LIB'] ?? path.join(path.dirname(script), '../.lib/kafka')
const classpath = ['-cp', `${lib}/*`]

/** Fetches the jars, unless they are there. */
export function installKafka(): void {
  const { status, stdout } = spawnSync(script, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stdout)
}

/** One process that is broker and controller, without logins. */
export const kafka: Kind = {
  program: java,
  hasLogin: false,
  database: '',
  args: (dir, port) => {
    const controllerPort = readFileSync(`${dir}/controller-port`, 'utf8')
    const listeners = `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`
    return [
      ...['-Xmx384m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', ...classpath],
      ...['kafka.Kafka', `${dir}/server.properties`],
      ...['--override', `listeners=${listeners}`],
      ...['--override', `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`],
    ]
  },
  beginsWithTls: false,
  prepare: async (dir) => {
    installKafka()
    const controllerPort = await freePort()
    writeFileSync(`${dir}/controller-port`, String(controllerPort))
    const properties = [
      'process.roles=broker,controller',
      'node.id=1',
      'controller.listener.names=CONTROLLER',
      'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name=PLAINTEXT',
      `listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners=PLAINTEXT://127.0.0.1:0',
      `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
      `log.dirs=${dir}/data`,
      'offsets.topic.num.partitions=1',
      'offsets.topic.replication.factor=1',
      'transaction.state.log.num.partitions=1',
      'transaction.state.log.replication.factor=1',
      'transaction.state.log.min.isr=1',
      // A group of one consumer does not wait for others.
      'group.initial.rebalance.delay.ms=0',
    ]
    writeFileSync(`${dir}/server.properties`, properties.join('\n') + '\n')
    const cluster = randomBytes(16).toString('base64url')
    const format = ['kafka.tools.StorageTool', 'format', '-t', cluster, '-c', `${dir}/server.properties`]
    const ran = spawnSync(java, ['-Xmx128m', ...classpath, ...format], { encoding: 'utf8' })
    if (ran.status !== 0)
      throw new Error(`the storage of Kafka cannot be formatted:\n${ran.stdout}${ran.stderr}`)
  },
  // A request for the versions of Kafka's API, as every client begins.
  hello: () => '\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x01\x00\x00',
  isReady: (answer) => answer.length > 10,
  unavailableReason: () => {
    const { status, stdout, error } = spawnSync(script, ['--check'], { encoding: 'utf8' })
    if (error !== undefined) return `dev/servers/kafka/install: ${error.message}`
    return status === 0 ? undefined : stdout.trim()
  },
}
