import path from 'node:path'
import { type ClusterKeys, hopIdNanos, isHopId, keysHere, parseHopId, unsealId } from '@hoptrace/core'
import type { Command } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'
import { formatId, idView } from '../format-id.js'
import { parseId } from '../parse.js'
import { UsageError } from '../usage-error.js'

/** `hoptrace id <id>`: decodes an id, without asking any process. */
export async function run({ output, env }: CommandContext, command: Command, text: string): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions & { raw?: boolean; sealed?: boolean }>()
  const given = parseId(text)
  const isSealed = options.sealed ?? (!options.raw && !isPlausible(given))
  const keys = isSealed ? keysOf(options, env) : undefined
  if (options.sealed && keys === undefined) {
    throw new UsageError(
      'a sealed id needs the cluster key',
      'set HOPTRACE_KEY to the key of the services, or give their directory with --dir',
    )
  }
  const sealed = keys !== undefined
  const id = sealed ? unsealId(keys.seal, given) : given
  const fields = parseHopId(id ?? given)
  if (options.json) await output.document(idView(id ?? given, fields, sealed))
  else await output.lines(formatId(id ?? given, fields, sealed, output.paint))
}

/** The keys from `HOPTRACE_KEY`, else from the key that the data directory keeps. */
function keysOf({ dir }: GlobalOptions, env: NodeJS.ProcessEnv): ClusterKeys | undefined {
  return keysHere(path.resolve(dir ?? (env['HOPTRACE_DIR'] || '.hoptrace')), env)()
}

// Raw and sealed ids look alike, but only a raw id has a time at which requests are plausible.
function isPlausible(id: string): boolean {
  if (!isHopId(id)) return false
  const age = Date.now() - Number(hopIdNanos(id) / 1_000_000n)
  return age > -DAY_MILLIS && age < 1000 * DAY_MILLIS
}

const DAY_MILLIS = 86_400_000
