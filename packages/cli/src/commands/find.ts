import type { Command } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'
import { EXIT } from '../exit-codes.js'
import { safeText } from '../format-text.js'
import { withResolver } from '../open-resolver.js'
import { parseKey } from '../parse.js'

/** `hoptrace find orderId=42`: the traces of a key, newest first. Exit code 3 if there is none. */
export async function run(context: CommandContext, command: Command, text: string): Promise<void> {
  const { output, exitWith } = context
  const { name, value } = parseKey(text)
  const options = command.optsWithGlobals<GlobalOptions & { limit: number }>()
  const found = await withResolver(options, context, (resolver) =>
    resolver.find({ key: name, value, limit: options.limit }),
  )
  for (const trace of found) {
    if (options.json) await output.row(trace)
    else await output.lines([`${output.paint.faint(trace.time)}  ${trace.traceId}`])
  }
  if (found.length === 0) {
    if (!options.json) output.note(`no trace has ${safeText(`${name}=${value}`)}`)
    exitWith(EXIT.unknown)
  }
}
