import type { Command } from 'commander'
import type { RangeQuery, Resolver } from '@hoptrace/core'
import type { CommandContext, GlobalOptions } from '../context.js'
import type { RangeReadsView } from '../answer.js'
import { EXIT } from '../exit-codes.js'
import { formatRangeLine, formatReads } from '../format-range.js'
import { safeText } from '../format-text.js'
import { withResolver } from '../open-resolver.js'
import { parseDuration, parseMoment } from '../moment.js'
import { parseId, parseKey } from '../parse.js'
import { UsageError } from '../usage-error.js'

interface RangeFlags extends GlobalOptions {
  readonly since: string
  readonly until: string
  readonly status?: string
  readonly route?: string
  readonly minDuration?: string
  readonly key?: string
  readonly limit: number
  readonly after?: string
  readonly explain?: boolean
}

/** `hoptrace range <service>`: the hops of a service in a span of time, in id order. */
export async function run(context: CommandContext, command: Command, service: string): Promise<void> {
  const { output, signal, exitWith } = context
  const flags = command.optsWithGlobals<RangeFlags>()
  const query = rangeQuery(service, flags, Date.now())
  const explain = (reads: RangeReadsView): void => {
    if (flags.explain) for (const line of formatReads(reads, output.errorPaint)) output.note(line)
  }
  let printed = 0
  let last = ''
  await withResolver(flags, context, async (resolver, told) => {
    for await (const hop of resolver.range({ ...query, signal, onReads: explain })) {
      printed++
      last = hop.hopId
      if (flags.json) await output.row(hop)
      else await output.lines([formatRangeLine(hop, output.paint)])
    }
    if (printed === 0 && query.route !== undefined) await nameRoutes(resolver, query, context)
    // Less than there was, or nothing because of a name that nobody has, is not the same as silence.
    if (told.warnings > 0) exitWith(EXIT.unknown)
  })
  if (flags.json) return
  if (printed === 0)
    output.note(`${safeText(service)}: nothing between ${flags.since} and ${flags.until} that fits`)
  if (printed === flags.limit) output.note(`there may be more: --after ${last}, or a larger --limit`)
}

/** Is it the route that nothing has? Then those that there are, of the first hops of that time, help more than silence. */
async function nameRoutes(resolver: Resolver, query: RangeQuery, context: CommandContext): Promise<void> {
  const { service, from, to } = query
  const routes = new Set<string>()
  for await (const { route } of resolver.range({
    service,
    from,
    ...(to === undefined ? {} : { to }),
    limit: 1000,
  }))
    if (route !== null) routes.add(route)
  if (routes.has(query.route ?? '')) return
  const names = [...routes].sort().slice(0, 10).join(', ')
  context.output.warn(
    `${service} has no hop with the route ${query.route} there${names === '' ? '' : `; its routes there: ${names}`}`,
  )
  context.exitWith(EXIT.unknown)
}

/** The flags as the resolver takes them. Throws UsageError. */
function rangeQuery(service: string, flags: RangeFlags, nowMillis: number): RangeQuery {
  const from = parseMoment(flags.since, nowMillis)
  const to = parseMoment(flags.until, nowMillis)
  if (from >= to) throw new UsageError(`--since ${flags.since} is not before --until ${flags.until}`)
  return {
    service,
    from,
    to,
    limit: flags.limit,
    ...(flags.status === undefined ? {} : { status: checkedStatus(flags.status) }),
    ...(flags.route === undefined ? {} : { route: flags.route }),
    ...(flags.minDuration === undefined
      ? {}
      : { minDurationMicros: parseDuration(flags.minDuration) * 1000 }),
    ...(flags.key === undefined ? {} : { key: checkedKey(flags.key) }),
    ...(flags.after === undefined ? {} : { after: parseId(flags.after, '--after ') }),
  }
}

function checkedKey(text: string): string {
  const { name, value } = parseKey(text)
  return `${name}=${value}`
}

function checkedStatus(text: string): string {
  if (/^([1-5]\d\d|[1-5]xx|error|ok|open)$/.test(text)) return text
  throw new UsageError(`'${text}' is not a status`, 'a status is 502, 5xx, error, ok or open')
}
