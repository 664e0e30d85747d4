import type { ResolveResult, Resolver } from '@hoptrace/core'
import type { Command } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'
import { verdictExit } from '../exit-codes.js'
import { formatAnswer } from '../format-walk.js'
import { withResolver } from '../open-resolver.js'
import { parseSubject, subjectText } from '../parse.js'
import type { StatusLine } from '../status-line.js'
import { waterfall, type Waterfall } from '../waterfall.js'

/** `hoptrace resolve <id or key>`: the walk and the verdict. */
export async function run(context: CommandContext, command: Command, text: string): Promise<void> {
  const { output, exitWith, signal } = context
  const subject = subjectText(parseSubject(text))
  const options = command.optsWithGlobals<GlobalOptions>()
  const status = options.json ? undefined : output.status()
  const end = (): void => status?.end()
  signal.addEventListener('abort', end)
  try {
    const answer = await withResolver(options, context, async (resolver) => {
      const found = await (status === undefined
        ? resolver.resolve(subject)
        : walked(resolver, subject, status))
      // Before the resolver closes: the answer is there already.
      end()
      return found
    })
    if (options.json) await output.document(answer)
    else {
      const { columns, paint } = output
      const bars = (heads: readonly number[]): Waterfall | undefined =>
        waterfall(answer, columns, heads, paint)
      await output.lines(formatAnswer(answer, paint, bars))
    }
    exitWith(verdictExit(answer.verdict))
  } finally {
    end()
    signal.removeEventListener('abort', end)
  }
}

/** Gives the same answer, while the status line shows the position of the walk. */
async function walked(resolver: Resolver, subject: string, status: StatusLine): Promise<ResolveResult> {
  let hops = 0
  status.show(`asking for ${subject} ...`)
  for await (const step of resolver.walk(subject)) {
    if (step.kind === 'result') return step.result
    hops++
    status.show(`${hops} ${hops === 1 ? 'hop' : 'hops'}, now ${step.hop.service} ...`)
  }
  throw new TypeError('a walk ends with its result')
}
