import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import type { Answer } from '../answer.js'
import type { CommandContext, GlobalOptions } from '../context.js'
import { verdictExit } from '../exit-codes.js'
import { entryKey, formatRunning, formatTimeline, timeline, type TimelineEntry } from '../format-progress.js'
import { paintVerdict, verdictSentence } from '../format-verdict.js'
import { withResolver } from '../open-resolver.js'
import { parseDuration, parseSubject, subjectText } from '../parse.js'

interface ProgressFlags extends GlobalOptions {
  readonly follow?: boolean
  readonly every: string
}

/** `hoptrace progress <id or key>`: one timeline of events across all hops, and what is running now. */
export function progressCommand({ output, exitWith, signal, env }: CommandContext): Command {
  return new Command('progress')
    .description('one timeline of events across all hops, and what is running now')
    .argument('<id-or-key>', 'an id, or the newest trace of a business key: orderId=42')
    .option('-f, --follow', 'go on until the request ends')
    .option('--every <duration>', 'how often --follow looks', '500ms')
    .action(async (text: string, _options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<ProgressFlags>()
      const every = parseDuration(flags.every)
      let subject = subjectText(parseSubject(text))
      const shown = new Set<string>()
      await withResolver(flags, { env }, async (resolver) => {
        for (;;) {
          const answer = await resolver.resolve(subject)
          // A key's newest trace may become another one while we follow.
          if (answer.traceId !== null && answer.hops.length > 0) subject = answer.traceId
          const fresh = timeline(answer).filter((entry) => !shown.has(entryKey(entry)))
          for (const entry of fresh) shown.add(entryKey(entry))
          const over = !flags.follow || !isUnderWay(answer)
          if (flags.json) await printJson(answer, fresh, over)
          else await printText(answer, fresh, over)
          if (over) return exitWith(verdictExit(answer.verdict))
          await sleep(every, undefined, { signal })
        }
      })

      async function printText(
        answer: Answer,
        fresh: readonly TimelineEntry[],
        over: boolean,
      ): Promise<void> {
        const { paint } = output
        await output.lines(formatTimeline(fresh, paint))
        if (!over) return
        const tone = paintVerdict(answer.verdict, paint)
        await output.lines([...formatRunning(answer.hops, Date.now(), paint), tone(verdictSentence(answer))])
      }

      async function printJson(
        answer: Answer,
        fresh: readonly TimelineEntry[],
        over: boolean,
      ): Promise<void> {
        const { traceId, verdict, endedAt, lastHealthy, evidence } = answer
        const summary = { traceId, verdict, endedAt, lastHealthy, evidence }
        if (!flags.follow) return output.document({ ...summary, timeline: timeline(answer) })
        for (const entry of fresh) await output.row(entry)
        if (over) await output.row(summary)
      }
    })
}

function isUnderWay(answer: Answer): boolean {
  return answer.verdict === 'running'
}
