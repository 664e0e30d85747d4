import { newClusterKey } from '@hoptrace/core'
import type { Command } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'

/** `hoptrace key`: a new cluster key, 32 random bytes as base64url. The command does not store it. */
export async function run({ output }: CommandContext, command: Command): Promise<void> {
  const key = newClusterKey()
  if (command.optsWithGlobals<GlobalOptions>().json) await output.document({ key })
  else await output.lines([key])
}
