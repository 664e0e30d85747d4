import { safeText } from './format-text.js'
import { count } from './format-units.js'
import { plain, type Paint } from './paint.js'

/** What `copy --json` prints. */
export interface CopiedView {
  readonly copied: { service: string; runs: number; hops: number; rows: number }[]
  /** Stores that could not be read or written whole. */
  readonly left: { store: string; reason: string }[]
  /** What could not be read of the registry. */
  readonly unread: string[]
}

/** One line for each service, and for each store or row that was not copied. */
export function formatCopied({ copied, left, unread }: CopiedView, paint: Paint = plain): string[] {
  if (copied.length + left.length + unread.length === 0)
    return ['nothing to copy: no run is registered there']
  return [
    ...copied.map(({ service, runs, hops, rows }) => {
      const what = `${count(hops, 'hop')} of ${count(runs, 'run')}, ${count(rows, 'row')} written`
      return `${paint.good('copied')}  ${paint.strong(safeText(service, 64))}: ${what}`
    }),
    ...left.map(({ store, reason }) => `${paint.bad('left')}    ${safeText(store)}: ${safeText(reason)}`),
    ...unread.map((text) => `${paint.waiting('unread')}  ${safeText(text)}`),
  ]
}
