import type { OwnRecords } from './own-records.js'

/** `metrics`: the run's counters in the text format of Prometheus. */
export function metricsText(own: OwnRecords): string {
  const row = own.row()
  const labels = `{service="${row.service}",instance="${row.address}",worker="${row.worker}"}`
  const lag = Date.now() - Number(row.shippedThroughNanos / 1_000_000n)
  const values = { ...own.stats(), ship_lag_milliseconds: Math.max(0, lag) }
  return Object.entries(values)
    .filter(([, value]) => Number.isFinite(value))
    .map(([name, value]) => {
      const metric = `hoptrace_${name
        .replace(/([a-z])([A-Z])/g, '$1_$2')
        .toLowerCase()
        .replace(/[^a-z0-9_]/g, '_')}`
      return `# TYPE ${metric} ${/(lag|bytes_free|open)/.test(metric) ? 'gauge' : 'counter'}\n${metric}${labels} ${value}\n`
    })
    .join('')
}
