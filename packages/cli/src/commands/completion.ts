import type { Command } from 'commander'
import { bashScript } from '../completion/bash.js'
import { fishScript } from '../completion/fish.js'
import { wordsOf, type Words } from '../completion/words.js'
import { zshScript } from '../completion/zsh.js'
import type { CommandContext, GlobalOptions } from '../context.js'
import { UsageError } from '../usage-error.js'

const SCRIPTS: Readonly<Record<string, (words: Words) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

/** `hoptrace completion <shell>`: the script that lets a shell complete the commands and options of this version. */
export async function run({ output }: CommandContext, command: Command, shell: string): Promise<void> {
  const script = SCRIPTS[shell]
  if (script === undefined || command.parent === null)
    throw new UsageError(`there is no completion for ${shell}`)
  const text = script(wordsOf(command.parent))
  if (command.optsWithGlobals<GlobalOptions>().json) await output.document({ shell, script: text })
  else await output.lines([text.trimEnd()])
}
