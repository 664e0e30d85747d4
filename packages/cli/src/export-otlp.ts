import { parseUrl } from '@hoptrace/core'
import type { OtlpCounts, OtlpSender } from '@hoptrace/otel/export'
import type { CommandContext, GlobalOptions } from './context.js'
import { EXIT } from './exit-codes.js'
import { exportSpan, type SpanFlags } from './export-span.js'
import { TraceExport } from './export-traces.js'
import { safeText } from './format-text.js'
import { count } from './format-units.js'
import { loadPackage } from './load-package.js'
import { parseDurationWithin } from './moment.js'
import { withResolver } from './open-resolver.js'
import { parseSubject, subjectText } from './parse.js'
import { UsageError } from './usage-error.js'

export interface OtlpFlags extends GlobalOptions, SpanFlags {
  readonly otlp: string
  readonly header?: readonly string[]
  readonly hold: string
}

/**
 * `hoptrace export --otlp URL`: traces to what takes OTLP. One trace, a span of time, or all from now on. Exit code 3 if the receiver did
 * not take all, or not all could be read.
 */
export async function exportOtlp(
  flags: OtlpFlags,
  context: CommandContext,
  subject: string | undefined,
): Promise<void> {
  const { output, exitWith, signal, env } = context
  const id = subject === undefined ? undefined : subjectText(parseSubject(subject))
  if (id !== undefined && (flags.follow || flags.since !== undefined || flags.service !== undefined))
    throw new UsageError('one trace is named, and a span of time as well', 'name either of them')
  if (id === undefined && flags.since === undefined && !flags.follow)
    throw new UsageError('nothing says what to export', 'name a trace, or --since 10m, or --follow')
  const loaded = await loadSender()
  const sender = new loaded.OtlpSender({
    url: checkedUrl(flags.otlp),
    headers: headersIn(flags, env),
    signal,
  })
  const { exported, told } = await withResolver(flags, context, async (resolver, told) => {
    const holdMillis = flags.follow ? parseDurationWithin(flags.hold, '0s', '24h') : 0
    const exported = new TraceExport(resolver, sender, signal, BigInt(holdMillis) * 1_000_000n)
    try {
      if (id === undefined) await exportSpan(exported, flags, context, BigInt(Date.now()) * 1_000_000n)
      else {
        await exported.add(await resolver.resolve(id))
        await sender.flush()
      }
    } catch (error) {
      // What follows ends by Ctrl-C.
      if (!(flags.follow && signal.aborted)) throw error
    }
    return { exported, told }
  })
  const view = { traces: exported.traces, ...sender.counts }
  if (id !== undefined && view.traces === 0) output.note(`there is no trace of ${safeText(id)}`)
  if (flags.json) await output.document(view)
  else await output.lines([sentence(view)])
  const isWhole = view.rejected === 0 && told.warnings === 0 && (id === undefined || view.traces > 0)
  exitWith(isWhole ? EXIT.good : EXIT.unknown)
}

function checkedUrl(text: string): string {
  if (/^https?:$/.test(parseUrl(text)?.protocol ?? '')) return text
  throw new UsageError('--otlp is no URL of HTTP', 'receivers look like http://127.0.0.1:4318')
}

/** OpenTelemetry's transformer is large, and only this command needs it. */
const loadSender = (): Promise<{ readonly OtlpSender: typeof OtlpSender }> =>
  loadPackage('@hoptrace/otel', () => import('@hoptrace/otel/export'))

/** `--header name=value`, and the variable that OpenTelemetry's exporters read: `name=value,name=value`, escaped as in a URL. */
function headersIn({ header = [] }: OtlpFlags, env: NodeJS.ProcessEnv): Record<string, string> {
  const variable = (env['OTEL_EXPORTER_OTLP_HEADERS'] ?? '').split(',').filter((part) => part.trim() !== '')
  const given = [...variable.map((part) => unescaped(part.trim())), ...header]
  const headers = new Headers()
  for (const text of given) {
    const equals = text.indexOf('=')
    try {
      headers.set(text.slice(0, Math.max(0, equals)), text.slice(equals + 1))
    } catch {
      // The value may be a secret.
      throw new UsageError('a header cannot be sent', 'headers look like name=value')
    }
  }
  return Object.fromEntries(headers)
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function sentence({ traces, sent, rejected, retries }: { traces: number } & OtlpCounts): string {
  const more = [
    ...(rejected > 0 ? [`${count(rejected, 'span')} rejected by the receiver`] : []),
    ...(retries > 0 ? [`${count(retries, 'retry', 'retries')}`] : []),
  ]
  return [`${count(traces, 'trace')} exported, ${count(sent, 'span')} sent`, ...more].join(', ')
}
