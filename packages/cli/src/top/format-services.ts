import { formatDuration, threeDigits } from '@hoptrace/ui/model'
import { formatTable, type Cell } from '../format-table.js'
import { safeText } from '../format-text.js'
import { count } from '../format-units.js'
import { plain, type Paint } from '../paint.js'
import type { ServiceFigures, ServicesNow } from './service-watch.js'

const HEAD = ['service', 'live', 'req/s', 'errors', 'open', 'p50', 'p99', 'lag', '']
/** A store with a longer lag deserves a look: with default windows the lag is 12 seconds, and two more until the next heartbeat. */
const LATE_MILLIS = 30_000

/** The table of `hoptrace top`: one line for each service, below a line that says what it is about. */
export function formatServices(
  { time, from, services, unread }: ServicesNow,
  paint: Paint = plain,
): string[] {
  const faint = (text: string): string => paint.faint(text)
  const said = `${clock(time)}  ${count(services.length, 'service')}, requests since ${clock(from)}`
  return [
    faint(said),
    ...formatTable([
      HEAD.map((text): Cell => ({ text, paint: faint })),
      ...services.map((one) => line(one, paint)),
    ]),
    ...unread.map((why) => paint.bad(safeText(why, 400))),
  ]
}

function line(figures: ServiceFigures, paint: Paint): Cell[] {
  const { live, silent, errors, requests, lagMillis } = figures
  const bad = (text: string): string => paint.bad(text)
  const tone = (isBad: boolean): { paint?: (text: string) => string } => (isBad ? { paint: bad } : {})
  return [
    { text: safeText(figures.service, 64), paint: (text) => paint.strong(text) },
    { text: silent > 0 ? `${live}, ${silent} silent` : String(live), ...tone(silent > 0 || live === 0) },
    { text: threeDigits(figures.requestsPerSecond) },
    {
      text: errors === 0 ? '0' : `${errors} (${threeDigits((100 * errors) / requests)}%)`,
      ...tone(errors > 0),
    },
    { text: String(figures.open) },
    { text: formatDuration(figures.p50Micros) },
    { text: formatDuration(figures.p99Micros) },
    {
      text: lagMillis === null ? '–' : formatDuration(lagMillis * 1000),
      ...tone(lagMillis !== null && lagMillis > LATE_MILLIS),
    },
    { text: remarks(figures), paint: bad },
  ]
}

/** Time of day to the second. */
function clock(time: string): string {
  return `${time.slice(11, 19)}Z`
}

function remarks({ dropped, unread }: ServiceFigures): string {
  return [
    ...(dropped > 0 ? [`${count(dropped, 'request')} dropped`] : []),
    ...(unread === null ? [] : [`not all is read: ${safeText(unread, 200)}`]),
  ].join('; ')
}
