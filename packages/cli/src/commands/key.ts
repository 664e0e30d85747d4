import { newClusterKey } from '@hoptrace/core'
import { Command } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'

/** `hoptrace key`: a new cluster key, 32 random bytes as base64url. The command does not store it. */
export function keyCommand({ output }: CommandContext): Command {
  return new Command('key')
    .description('make a cluster key: set HOPTRACE_KEY to it in all services of all hosts')
    .action(async (_options: unknown, command: Command) => {
      const key = newClusterKey()
      if (command.optsWithGlobals<GlobalOptions>().json) await output.document({ key })
      else await output.lines([key])
    })
}
