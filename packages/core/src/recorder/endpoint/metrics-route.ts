import type { OwnRecords, RunCounters } from './own-records.js'

/** Name and help of each counter. */
const counters: Readonly<Record<Exclude<keyof RunCounters, 'lagMillis'>, string>> = {
  appended: 'Hops whose first entry is in the log.',
  shipped: 'Hops that the store acknowledged.',
  shed: 'Attributes and events left out under pressure.',
  dropped: 'Hops that could not be kept.',
  errors: 'Failed writes of the log and failed puts of the store.',
  bytes: 'Bytes appended to the log.',
}
const lagHelp = 'Milliseconds since the time through which everything is in the store.'

/** `metrics`: the run's counters in the text format of Prometheus. */
export function metricsText(own: OwnRecords): string {
  const { service, address, worker } = own.row()
  const labels = `{service="${service}",instance="${address}",worker="${worker}"}`
  const values = own.counters()
  const lines = (name: string, type: string, help: string, value: number): string =>
    `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name}${labels} ${value}\n`
  const all = Object.entries(counters) as [keyof typeof counters, string][]
  return (
    all.map(([name, help]) => lines(`hoptrace_${name}_total`, 'counter', help, values[name])).join('') +
    lines('hoptrace_ship_lag_milliseconds', 'gauge', lagHelp, values.lagMillis)
  )
}
