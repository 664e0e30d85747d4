import type { AdoptReport } from '@hoptrace/core'
import { formatNanos } from '@hoptrace/ui/model'
import { count } from './format-units.js'
import { safeText } from './format-text.js'
import { plain, type Paint } from './paint.js'

/** What `ship --json` prints. */
export interface ShippedView {
  readonly shipped: readonly {
    readonly service: string
    readonly instance: string
    readonly pid: number
    readonly startTime: string
    readonly hops: number
    readonly interrupted: number
    readonly damage: number
  }[]
  readonly left: readonly { readonly runDir: string; readonly reason: string }[]
}

/** A report for display. */
export function shippedView({ adopted, left }: AdoptReport): ShippedView {
  return {
    shipped: adopted.map(({ run, hops, interrupted, damage }) => ({
      service: run.service,
      instance: run.address,
      pid: run.pid,
      startTime: formatNanos(run.startNanos),
      hops,
      interrupted,
      damage,
    })),
    left,
  }
}

/** One line for each shipped run, and for each run that could not be shipped. */
export function formatShipped({ shipped, left }: ShippedView, paint: Paint = plain): string[] {
  if (shipped.length + left.length === 0) return ['nothing to ship: no dead instance has a log here']
  return [
    ...shipped.map((run) => {
      const name = `${paint.strong(safeText(run.service, 64))} (${safeText(run.instance, 64)}, process ${run.pid})`
      const open = run.interrupted > 0 ? `, ${run.interrupted} of them interrupted` : ''
      const damage = run.damage > 0 ? paint.bad(`, ${count(run.damage, 'damaged place')} in its log`) : ''
      return `${paint.good('shipped')}  ${name}: ${count(run.hops, 'hop')}${open}${damage}`
    }),
    ...left.map(
      ({ runDir, reason }) => `${paint.waiting('left')}     ${safeText(runDir)}: ${safeText(reason)}`,
    ),
  ]
}
