import type { Fault } from './plan.js'

/** What is between the services of a fleet whose hosts are network namespaces, or is done to a host. */
export const TOPOLOGIES = [
  'direct',
  'nginx',
  'nginx-stream',
  'haproxy',
  'published',
  'clusterip',
  'dnat',
  'names',
  'retry',
  'cache',
  'gateway',
  'workers',
  'partition',
  'clock',
  'stopped',
] as const

/** Name of a topology. */
export type TopologyName = (typeof TOPOLOGIES)[number]

/** What is broken where the topology itself breaks nothing. */
const FAULTS: readonly Fault[] = [
  'sigkill',
  'crash-loop',
  'refused',
  'uncaught',
  'hang',
  'lost-answer',
  'killed-twice',
  'exit',
  'sigstop',
  'black-hole',
  'reset',
  'blocked',
]

/** What is broken in a topology. */
export function faultsOf(topology: TopologyName): readonly Fault[] {
  switch (topology) {
    case 'partition':
      return ['partition']
    case 'clock':
      return ['clock-ahead', 'clock-behind']
    case 'stopped':
      return ['sigstop', 'hang']
    default:
      return FAULTS
  }
}

/** The topologies that a list names, or all for `all`. Throws TypeError for a name that is none. */
export function topologiesOf(list: string): TopologyName[] {
  if (list === 'all') return [...TOPOLOGIES]
  return list.split(',').map((name) => {
    const known = TOPOLOGIES.find((one) => one === name)
    if (known === undefined) throw new TypeError(`no such topology: '${name}' (${TOPOLOGIES.join(', ')})`)
    return known
  })
}
