import { Command } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'
import { verdictExit } from '../exit-codes.js'
import { formatAnswer } from '../format-walk.js'
import { withResolver } from '../open-resolver.js'
import { parseSubject, subjectText } from '../parse.js'

/** `hoptrace resolve <id or key>`: the walk and the verdict. */
export function resolveCommand({ output, exitWith, ...context }: CommandContext): Command {
  return new Command('resolve')
    .description('walk from hop to hop and say where a request ended')
    .argument('<id-or-key>', 'an id, or the newest trace of a business key: orderId=42')
    .action(async (text: string, _options: unknown, command: Command) => {
      const subject = parseSubject(text)
      const options = command.optsWithGlobals<GlobalOptions>()
      const answer = await withResolver(options, context, (resolver) =>
        resolver.resolve(subjectText(subject)),
      )
      if (options.json) await output.document(answer)
      else await output.lines(formatAnswer(answer, output.paint))
      exitWith(verdictExit(answer.verdict))
    })
}
