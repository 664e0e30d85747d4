import type { OwnRecords, RunCounters } from './own-records.js'

/** Name and help of each gauge. */
const gauges = {
  lagMillis: [
    'ship_lag_milliseconds',
    'Milliseconds since the time through which everything is in the store.',
  ],
  unshippedRuns: ['unshipped_runs', 'Dead runs in the data directory that could not be shipped so far.'],
} as const satisfies Partial<Record<keyof RunCounters, readonly [name: string, help: string]>>

/** Help of each counter. */
const counters: Readonly<Record<Exclude<keyof RunCounters, keyof typeof gauges>, string>> = {
  appended: 'Hops whose first entry is in the log.',
  shipped: 'Hops that the store acknowledged.',
  shed: 'Attributes and events left out under pressure.',
  dropped: 'Hops that could not be kept.',
  errors: 'Failed writes of the log and failed puts of the store.',
  bytes: 'Bytes appended to the log.',
}

/** `metrics`: the run's counters in the text format of Prometheus. */
export function metricsText(own: OwnRecords): string {
  const { service, address, worker } = own.row()
  const labels = `{service="${service}",instance="${address}",worker="${worker}"}`
  const values = own.counters()
  const lines = (name: string, type: string, help: string, value: number): string =>
    `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name}${labels} ${value}\n`
  const counted = Object.entries(counters) as [keyof typeof counters, string][]
  const now = Object.entries(gauges) as [keyof typeof gauges, readonly [string, string]][]
  return [
    ...counted.map(([name, help]) => lines(`hoptrace_${name}_total`, 'counter', help, values[name])),
    ...now.map(([name, [label, help]]) => lines(`hoptrace_${label}`, 'gauge', help, values[name])),
  ].join('')
}
