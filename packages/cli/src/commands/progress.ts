import type { Command } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'
import { EXIT, verdictExit } from '../exit-codes.js'
import { formatEvent, formatProgress, formatState } from '../format-progress.js'
import { withResolver } from '../open-resolver.js'
import { parseDurationWithin } from '../moment.js'
import { parseSubject, subjectText } from '../parse.js'

interface ProgressFlags extends GlobalOptions {
  readonly follow?: boolean
  readonly every: string
}

/** `hoptrace progress <id or key>`: one timeline of events across all hops, and what is running now. */
export async function run(context: CommandContext, command: Command, text: string): Promise<void> {
  const flags = command.optsWithGlobals<ProgressFlags>()
  const subject = subjectText(parseSubject(text))
  context.exitWith(await (flags.follow ? followed(subject, flags, context) : once(subject, flags, context)))
}

async function once(subject: string, flags: ProgressFlags, context: CommandContext): Promise<number> {
  const { output } = context
  const progress = await withResolver(flags, context, (resolver) => resolver.progress(subject))
  if (flags.json) await output.document(progress)
  else await output.lines(formatProgress(progress, Date.now(), output.paint))
  return verdictExit(progress.verdict)
}

async function followed(subject: string, flags: ProgressFlags, context: CommandContext): Promise<number> {
  const { output, signal } = context
  const intervalMillis = parseDurationWithin(flags.every, '10ms', '60s')
  return withResolver(flags, context, async (resolver) => {
    for await (const step of resolver.follow(subject, { intervalMillis, signal })) {
      if (flags.json) await output.row(step)
      else if (step.kind === 'event') await output.lines([formatEvent(step.event, output.paint)])
      else await output.lines(formatState(step.progress, Date.now(), output.paint))
      if (step.kind === 'end') return verdictExit(step.progress.verdict)
    }
    return EXIT.unknown
  })
}
