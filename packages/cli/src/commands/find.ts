import { Command } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'
import { EXIT } from '../exit-codes.js'
import { safeText } from '../format-text.js'
import { withResolver } from '../open-resolver.js'
import { parseCount, parseKey } from '../parse.js'

/** `hoptrace find orderId=42`: the traces of a key, newest first. Exit code 3 if there is none. */
export function findCommand(context: CommandContext): Command {
  const { output, exitWith } = context
  return new Command('find')
    .description('the traces of a business key, newest first')
    .argument('<key>', 'orderId=42')
    .option('--limit <n>', 'at most this many', parseCount, 20)
    .action(async (text: string, _options: unknown, command: Command) => {
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
    })
}
