import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { shipDeadRuns } from '@hoptrace/core'
import { composedRegistry, fileRegistry, openStore, storeRegistry } from '@hoptrace/core/store'
import type { Command } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'
import { EXIT } from '../exit-codes.js'
import { formatShipped, shippedView, type ShippedView } from '../format-shipped.js'
import { parseDurationWithin } from '../moment.js'
import { checkedStoreUrl } from '../open-resolver.js'
import { UsageError } from '../usage-error.js'

interface ShipFlags extends GlobalOptions {
  readonly watch?: boolean
  readonly every: string
}

/**
 * `hoptrace ship <dir>`: ships the logs of dead instances, once, or with `--watch` whenever one has died. Exit code 3 if it could not ship
 * all of them whole.
 */
export async function run(context: CommandContext, command: Command, dir: string): Promise<void> {
  const flags = command.optsWithGlobals<ShipFlags>()
  const dataDir = path.resolve(dir)
  // On a host where no service has started yet, a watch waits for the first.
  if (!flags.watch && !existsSync(dataDir)) throw new UsageError(`there is no data directory ${dataDir}`)
  const ship = (): Promise<ShippedView> => shipOnce(dataDir, flags, context)
  if (flags.watch)
    return watch(ship, dataDir, parseDurationWithin(flags.every, '100ms', '1h'), flags, context)
  const view = await ship()
  await print(view, flags, context)
  const isWhole = view.left.length === 0 && view.shipped.every(({ damage }) => damage === 0)
  context.exitWith(isWhole ? EXIT.good : EXIT.unknown)
}

/** Until Ctrl-C. Prints what was shipped, and what cannot be shipped when that changes. */
async function watch(
  ship: () => Promise<ShippedView>,
  dataDir: string,
  everyMillis: number,
  flags: ShipFlags,
  context: CommandContext,
): Promise<void> {
  const { output, signal } = context
  let told = JSON.stringify([])
  while (!signal.aborted) {
    try {
      const view = existsSync(dataDir) ? await ship() : { shipped: [], left: [] }
      const left = JSON.stringify(view.left)
      if (view.shipped.length > 0 || left !== told) await print(view, flags, context)
      told = left
    } catch (error) {
      signal.throwIfAborted()
      // A store that is away: the logs stay, and the next round tries again.
      const reason = error instanceof Error ? error.message : String(error)
      if (reason !== told) output.warn(reason)
      told = reason
    }
    await sleep(everyMillis, undefined, { signal })
  }
}

async function print(
  view: ShippedView,
  { json, watch: isWatch }: ShipFlags,
  { output }: CommandContext,
): Promise<void> {
  if (json && isWatch) await output.row(view)
  else if (json) await output.document(view)
  else await output.lines(formatShipped(view, output.paint))
}

async function shipOnce(
  dataDir: string,
  options: GlobalOptions,
  { signal, env }: CommandContext,
): Promise<ShippedView> {
  const shared = (options.store ?? []).map((url) =>
    openStore(checkedStoreUrl(url), { dataDir, service: 'hoptrace' }),
  )
  const registry = composedRegistry([
    fileRegistry(dataDir),
    ...shared.map((store) => storeRegistry(store, dataDir)),
  ])
  try {
    const access = env['HOPTRACE_ACCESS'] === 'group' ? 'group' : 'owner'
    return shippedView(await shipDeadRuns({ dataDir, access, registry, signal }))
  } finally {
    await registry.close()
    await Promise.all(shared.map((store) => store.close()))
  }
}
