import path from 'node:path'
import { type ClusterKeys, hopIdNanos, isHopId, keysHere, parseHopId, unsealId } from '@hoptrace/core'
import { Command, Option } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'
import { formatId, idView } from '../format-id.js'
import { parseSubject } from '../parse.js'
import { UsageError } from '../usage-error.js'

/** `hoptrace id <id>`: what an id says, without asking anybody. */
export function idCommand({ output, env }: CommandContext): Command {
  return new Command('id')
    .description('what an id says: time, sequence, address')
    .argument('<id>', 'an id, or with the cluster key its sealed form')
    .addOption(new Option('--sealed', 'it is a sealed id').conflicts('raw'))
    .addOption(new Option('--raw', 'it is not sealed').conflicts('sealed'))
    .action(async (text: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { raw?: boolean; sealed?: boolean }>()
      const subject = parseSubject(text)
      if (subject.kind !== 'id') throw new UsageError(`'${text}' is not an id`, 'an id has 32 hex digits')
      const isSealed = options.sealed ?? (!options.raw && !isPlausible(subject.id))
      const keys = isSealed ? keysOf(options, env) : undefined
      if (options.sealed && keys === undefined) {
        throw new UsageError(
          'a sealed id needs the cluster key',
          'set HOPTRACE_KEY to the key of the services, or give their directory with --dir',
        )
      }
      const sealed = keys !== undefined
      const id = sealed ? unsealId(keys.seal, subject.id) : subject.id
      const fields = parseHopId(id ?? subject.id)
      if (options.json) await output.document(idView(id ?? subject.id, fields, sealed))
      else await output.lines(formatId(id ?? subject.id, fields, sealed, output.paint))
    })
}

/** Of `HOPTRACE_KEY`, else of the key that the data directory keeps. */
function keysOf({ dir }: GlobalOptions, env: NodeJS.ProcessEnv): ClusterKeys | undefined {
  return keysHere(path.resolve(dir ?? (env['HOPTRACE_DIR'] || '.hoptrace')), env)()
}

// Raw and sealed ids look alike; only a raw one has the time of a request that somebody may ask about.
function isPlausible(id: string): boolean {
  if (!isHopId(id)) return false
  const age = Date.now() - Number(hopIdNanos(id) / 1_000_000n)
  return age > -DAY_MILLIS && age < 1000 * DAY_MILLIS
}

const DAY_MILLIS = 86_400_000
