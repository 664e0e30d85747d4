import { copiedRow, copyRuns, type InstanceRow, withDeletions } from '@hoptrace/core/store'
import type { Command } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'
import { openSource, openTarget, type CopySource, type CopyTarget } from '../copy-ends.js'
import { EXIT } from '../exit-codes.js'
import { formatCopied, type CopiedView } from '../format-copied.js'
import { parseMoment } from '../moment.js'

interface CopyFlags extends GlobalOptions {
  readonly from: string
  readonly to: string
  readonly service?: string
  readonly since?: string
}

/** `hoptrace copy`: the records of services into another store, and their rows into its registry. Exit code 3 if any are missing there. */
export async function run(
  { output, exitWith, signal, env }: CommandContext,
  command: Command,
): Promise<void> {
  const flags = command.optsWithGlobals<CopyFlags>()
  const now = Date.now()
  const sinceNanos = flags.since === undefined ? undefined : parseMoment(flags.since, now)
  const source = openSource(flags.from, env)
  const target = openTarget(flags.to, source, env)
  const view: CopiedView = { copied: [], left: [], unread: [] }
  try {
    const { rows, unread } = await source.registry.list()
    view.unread.push(...unread)
    const wanted = withDeletions(rows)
      .filter(({ service }) => flags.service === undefined || service === flags.service)
      .sort((a, b) => (a.service < b.service ? -1 : a.service > b.service ? 1 : 0))
    const failed = new Set<InstanceRow>()
    for (const [url, runs] of byStore(wanted)) {
      try {
        const copied = await copyStore(url, runs, { source, target, sinceNanos, signal })
        view.copied.push({ service: runs[0]?.service ?? '', runs: runs.length, ...copied })
      } catch (error) {
        signal.throwIfAborted()
        view.left.push({ store: url, reason: error instanceof Error ? error.message : String(error) })
        for (const run of runs) failed.add(run)
      }
    }
    // Last, and only what is there whole: a registered run without a record is proof that the record never was.
    for (const row of wanted.filter((one) => !failed.has(one)))
      await target.registry.put(copiedRow(row, { ...target.layout(row.service), sinceNanos }, now))
  } finally {
    await Promise.all([source.close(), target.close()])
  }
  if (flags.json) await output.document(view)
  else await output.lines(formatCopied(view, output.paint))
  const isWhole = view.left.length + view.unread.length === 0
  exitWith(isWhole ? EXIT.good : EXIT.unknown)
}

interface Ends {
  readonly source: CopySource
  readonly target: CopyTarget
  readonly sinceNanos: bigint | undefined
  readonly signal: AbortSignal
}

/** One store's runs of one service. */
async function copyStore(
  url: string,
  runs: readonly InstanceRow[],
  { source, target, sinceNanos, signal }: Ends,
): Promise<{ rows: number; hops: number }> {
  const service = runs[0]?.service ?? ''
  const from = source.open(url, service)
  const to = target.open(service)
  try {
    const { buckets } = target.layout(service)
    return await copyRuns({ from, to, runs, buckets, signal, sinceNanos })
  } finally {
    await Promise.all([from.close(), to.close()])
  }
}

/** The runs of each service by the stores that have their records. A run that moved has several. */
function byStore(rows: readonly InstanceRow[]): [string, InstanceRow[]][] {
  const found = new Map<string, [string, InstanceRow[]]>()
  for (const row of rows) {
    for (const url of row.stores) {
      const key = `${row.service} ${url}`
      const known = found.get(key)
      if (known === undefined) found.set(key, [url, [row]])
      else known[1].push(row)
    }
  }
  return [...found.values()]
}
