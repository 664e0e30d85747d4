import { deadInstances } from '@hoptrace/core'
import { instanceView } from '@hoptrace/ui/model'
import type { Command } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'
import { EXIT } from '../exit-codes.js'
import { formatInstances } from '../format-instances.js'
import { dataDirOf, withResolver } from '../open-resolver.js'

/** `hoptrace instances`: registered instances, their state, and how far each has shipped. */
export async function run(context: CommandContext, command: Command): Promise<void> {
  const { output, exitWith } = context
  const options = command.optsWithGlobals<GlobalOptions & { all?: boolean }>()
  const now = Date.now()
  const rows = await withResolver(options, context, (resolver) => resolver.instances())
  const dead = await deadInstances(rows, dataDirOf({ stores: [], ...options }, context.env))
  const views = rows
    .map((row) => instanceView(row, now, dead.get(row)))
    .sort((a, b) => order(a.service, b.service) || order(a.startTime, b.startTime))
  // Warnings have named the missing parts.
  if (rows.unread !== undefined) exitWith(EXIT.unknown)
  if (options.json) return output.document(views)
  const shown = options.all ? views : newestRuns(views)
  await output.lines(formatInstances(shown, now, output.paint))
  const hidden = views.length - shown.length
  if (hidden > 0) output.note(`${hidden} earlier runs that ended are not shown; --all shows them`)
  if (views.length === 0) {
    output.note('no instance is registered: has a service with this --dir or --store handled a request yet?')
    exitWith(EXIT.unknown)
  }
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The newest run of each address, and every run that has not ended. */
function newestRuns<V extends { instance: string; worker: number; startTime: string; state: string }>(
  views: V[],
): V[] {
  const newest = new Map<string, V>()
  for (const view of views) newest.set(`${view.instance}#${view.worker}`, view)
  return views.filter(
    (view) => view.state === 'running' || newest.get(`${view.instance}#${view.worker}`) === view,
  )
}
