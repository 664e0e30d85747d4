import { parseArgs } from 'node:util'
import { runtimeNames, type RuntimeName } from '../../../dev/runtime.mjs'
import { portsFrom, type Ports } from '../chain/services.js'
import { storeSpec } from '../services/settings.js'

/** The arguments of `npm run demo -- …`. */
export interface DemoArguments {
  readonly ports: Ports
  /** Ports of the proxies before the services; undefined without them. */
  readonly fronts: Ports | undefined
  readonly dataDir: string
  readonly store: string
  /** By what mails go: HTTP, or a broker of `host:port` (`kafka` until it is started). */
  readonly messages: string | undefined
  readonly orders: number
  /** What the services run on; undefined for Node. */
  readonly runtime: RuntimeName | undefined
  readonly keep: boolean
  /** Whether the page is shown; then the chain is kept. */
  readonly ui: boolean
  readonly stop: boolean
  readonly help: boolean
}

/** Reads the command line. Throws TypeError that says what to type instead. */
export function parseDemoArguments(argv: readonly string[]): DemoArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      'port-base': { type: 'string', default: '4000' },
      dir: { type: 'string', default: '.hoptrace/demo' },
      store: { type: 'string', default: 'level' },
      messages: { type: 'string' },
      orders: { type: 'string', default: '300' },
      runtime: { type: 'string', default: 'node' },
      'behind-proxy': { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      ui: { type: 'boolean', default: false },
      stop: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  })
  if (!['hbase', 'mysql', 'redis'].includes(values.store)) storeSpec(values.store)
  const orders = Number(values.orders)
  if (!Number.isInteger(orders) || orders < 1 || orders > 100_000) {
    throw new TypeError('--orders must be a whole number from 1 to 100000')
  }
  if (values.messages !== undefined && values.messages !== 'kafka')
    throw new TypeError('--messages must be kafka')
  const runtime = runtimeNames.find((name) => name === values.runtime)
  if (runtime === undefined && values.runtime !== 'node')
    throw new TypeError(`--runtime must be node, ${runtimeNames.join(' or ')}`)
  const base = Number(values['port-base'])
  return {
    ports: portsFrom(base),
    fronts: values['behind-proxy'] ? portsFrom(base + FRONTS_FROM) : undefined,
    dataDir: values.dir,
    store: values.store,
    messages: values.messages,
    orders,
    runtime,
    keep: values.keep || values.ui,
    ui: values.ui,
    stop: values.stop,
    help: values.help,
  }
}

/** Distance from the port of a service to that of its proxy. */
const FRONTS_FROM = 100

/** What `npm run demo -- --help` prints. */
export const usage = `npm run demo -- [options]

Starts five services, places orders, breaks the chain in every way that hoptrace tells apart, and asks what happened.

  --keep            leave the chain up afterwards, until Ctrl-C
  --ui              the same, and show the page on it
  --stop            end a demo that is up, and what a killed one left behind
  --behind-proxy    every service behind a reverse proxy, HTTP and TCP in turn, on another port (port base + 100)
  --port-base N     first of five ports (default 4000)
  --dir DIR         where logs, stores and the registry go (default .hoptrace/demo)
  --store STORE     level (default), hbase, mysql or redis (a real one on this machine), or the URL of one: hbase://host:port,
                    hbase+http://host:port, mysql://user:password@host:port/database, redis://user:password@host:port
  --messages kafka  orders tells notify by a message over a real Kafka on this machine: what becomes of it when notify is away, or
                    is killed with it
  --runtime NAME    what the services run on: node (default), bun or deno, from their npm packages
  --orders N        how many orders go well first (default 300)`
