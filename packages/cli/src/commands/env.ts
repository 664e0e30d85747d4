import { optionsOfEnvironment, variables } from '@hoptrace/core'
import { withoutSecrets } from '@hoptrace/core/store'
import type { Command } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'
import { safeText } from '../format-text.js'
import { formatTable } from '../format-table.js'

/** `hoptrace env`: the variables that configure a traced process, and what they are in this environment. Secrets are not shown. */
export async function run({ output, env }: CommandContext, command: Command): Promise<void> {
  const rows = variables.map((variable) => {
    const given = env[variable.name]?.trim() || null
    const value = given === null ? null : variable.secret === true ? '(set)' : withoutSecrets(given)
    return { ...variable, value }
  })
  if (command.optsWithGlobals<GlobalOptions>().json) await output.document(rows)
  else {
    const faint = (text: string): string => output.paint.faint(text)
    const table = rows.map(({ name, value, without, option, values }) => [
      { text: name },
      value === null ? { text: `default: ${without}`, paint: faint } : { text: safeText(value) },
      { text: `${option}: ${values}`, paint: faint },
    ])
    await output.lines(formatTable(table))
  }
  try {
    optionsOfEnvironment(env)
  } catch (error) {
    output.warn(error instanceof Error ? error.message : String(error))
  }
}
