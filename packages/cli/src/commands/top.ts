import { setTimeout as sleep } from 'node:timers/promises'
import { deadInstances } from '@hoptrace/core'
import type { Command } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'
import { EXIT } from '../exit-codes.js'
import { safeText } from '../format-text.js'
import { parseDurationWithin } from '../moment.js'
import { dataDirOf, withResolver } from '../open-resolver.js'
import { formatServices } from '../top/format-services.js'
import { ServiceWatch, type ServicesNow } from '../top/service-watch.js'

interface TopFlags extends GlobalOptions {
  readonly every: string
  readonly over: string
  readonly once?: boolean
}

/** `hoptrace top`: a table of the services, updated until Ctrl-C; once for scripts. */
export async function run(context: CommandContext, command: Command): Promise<void> {
  const { output, env, signal } = context
  const flags = command.optsWithGlobals<TopFlags>()
  const everyMillis = parseDurationWithin(flags.every, '250ms', '10m')
  const spanMillis = parseDurationWithin(flags.over, '1s', '1d')
  const dataDir = dataDirOf({ stores: [], ...flags }, env)
  const { redraw } = output
  const isLive = redraw !== undefined && !flags.once && !flags.json
  const warnings = new Set<string>()
  // A warning in the middle of the table would break it: it is shown below.
  const own = isLive ? { ...output, warn: (text: string) => void warnings.add(text) } : output
  await withResolver(flags, { env, output: own }, async (resolver) => {
    const watch = new ServiceWatch(resolver, spanMillis, (rows) => deadInstances(rows, dataDir))
    if (!isLive) return once(await watch.look(Date.now(), signal), flags, context)
    while (!signal.aborted) {
      const lines = await watch.look(Date.now(), signal).then(
        (now) => formatServices(now, output.paint),
        (error: Error) => [output.paint.bad(safeText(error.message))],
      )
      if (signal.aborted) return
      await redraw([...lines, ...[...warnings].map((text) => output.paint.waiting(safeText(text)))])
      warnings.clear()
      await sleep(everyMillis, undefined, { signal }).catch(() => undefined)
    }
  })
}

async function once(now: ServicesNow, flags: TopFlags, { output, exitWith }: CommandContext): Promise<void> {
  if (flags.json) await output.document(now)
  else await output.lines(formatServices(now, output.paint))
  const isPartial = now.unread.length > 0 || now.services.some(({ unread }) => unread !== null)
  if (isPartial || now.services.length === 0) exitWith(EXIT.unknown)
  if (now.services.length === 0 && !flags.json)
    output.note('no service is registered: has a service with this --dir or --store handled a request yet?')
}
