import { existsSync } from 'node:fs'
import path from 'node:path'
import { shipDeadRuns } from '@hoptrace/core'
import { composedRegistry, fileRegistry, openStore, storeRegistry } from '@hoptrace/core/store'
import type { Command } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'
import { EXIT } from '../exit-codes.js'
import { formatShipped, shippedView } from '../format-shipped.js'
import { checkedStoreUrl } from '../open-resolver.js'
import { UsageError } from '../usage-error.js'

/** `hoptrace ship <dir>`: ships the logs of dead instances. Exit code 3 if it could not ship all of them whole. */
export async function run(
  { output, exitWith, signal, env }: CommandContext,
  command: Command,
  dir: string,
): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>()
  const dataDir = path.resolve(dir)
  if (!existsSync(dataDir)) throw new UsageError(`there is no data directory ${dataDir}`)
  const shared = (options.store ?? []).map((url) =>
    openStore(checkedStoreUrl(url), { dataDir, service: 'hoptrace' }),
  )
  const registry = composedRegistry([
    fileRegistry(dataDir),
    ...shared.map((store) => storeRegistry(store, dataDir)),
  ])
  try {
    const access = env['HOPTRACE_ACCESS'] === 'group' ? 'group' : 'owner'
    const report = await shipDeadRuns({ dataDir, access, registry, signal })
    const view = shippedView(report)
    if (options.json) await output.document(view)
    else await output.lines(formatShipped(view, output.paint))
    const isWhole = report.left.length === 0 && report.adopted.every(({ damage }) => damage === 0)
    exitWith(isWhole ? EXIT.good : EXIT.unknown)
  } finally {
    await registry.close()
    await Promise.all(shared.map((store) => store.close()))
  }
}
