import { isPortFree } from '../chain/ports.js'
import { SERVICES } from '../chain/services.js'
import type { DemoArguments } from './arguments.js'
import { readDemoState, writeDemoState } from './demo-file.js'
import { DEMO, end, living } from './leftovers.js'

/** A reason why the demo cannot start that is no bug; the message says what to do. */
export class CannotStart extends Error {}

/**
 * Makes room for a demo: ends what a killed one left running (only processes that are verified to be its
 * own), refuses when one is up, and names the port that is taken. Returns what it ended.
 */
export async function prepare(options: DemoArguments): Promise<string[]> {
  const left = living(readDemoState(options.dataDir).processes)
  const up = left.find((one) => one.name === DEMO)
  if (up) {
    throw new CannotStart(
      `a demo is up already (process ${up.pid}).\nPress Ctrl-C where it runs, or stop it with: npm run demo -- --stop${dirOption(options)}`,
    )
  }
  const ended = await endAll(options)
  for (const [name, port] of neededPorts(options)) {
    if (await isPortFree(port)) continue
    throw new CannotStart(
      `port ${port}, which ${name} needs, is taken by another program.\nEnd that program, or choose five other ports: npm run demo -- --port-base ${otherBase(options)}`,
    )
  }
  return ended
}

/** Ends a demo that is up and what a killed one left. Returns the names of what was ended. */
export async function endAll(options: Pick<DemoArguments, 'dataDir'>): Promise<string[]> {
  const state = readDemoState(options.dataDir)
  const left = living(state.processes)
  const stuck = await end(left)
  if (left.length > 0) writeDemoState(options.dataDir, { ...state, processes: stuck })
  if (stuck.length > 0) {
    const names = stuck.map((one) => `${one.name} (process ${one.pid})`).join(', ')
    throw new CannotStart(`could not end ${names}, left over from an earlier demo`)
  }
  return left.map((one) => one.name)
}

function neededPorts({ ports, fronts }: DemoArguments): [string, number][] {
  return SERVICES.flatMap((name): [string, number][] => [
    [name, ports[name]],
    ...(fronts ? [[`the proxy of ${name}`, fronts[name]] as [string, number]] : []),
  ])
}

function dirOption(options: DemoArguments): string {
  return options.dataDir === '.hoptrace/demo' ? '' : ` --dir ${options.dataDir}`
}

function otherBase({ ports }: DemoArguments): number {
  return ports.gateway < 14_000 ? 14_000 : 4000
}
