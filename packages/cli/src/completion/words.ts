import type { Argument, Command, Option } from 'commander'

/** What can be typed after `hoptrace`, as the parser knows it. */
export interface Words {
  readonly commands: readonly CommandWords[]
  /** Those of every command. */
  readonly options: readonly OptionWords[]
}

/** A command, its own options, and what it is about. */
export interface CommandWords {
  readonly name: string
  readonly description: string
  readonly options: readonly OptionWords[]
  readonly argument: Value | undefined
}

/** An option: its names with their dashes. */
export interface OptionWords {
  readonly names: readonly string[]
  readonly description: string
  /** Undefined for one without a value. */
  readonly value: Value | undefined
}

/** A value: one of some words, a directory, or any text. */
export interface Value {
  readonly name: string
  readonly choices: readonly string[]
  readonly isDirectory: boolean
}

/** Placeholders of values that may be directories. */
const DIRECTORIES = new Set(['dir', 'place'])

/** The words of a program: read from what its parser and its help use, so that no second list can be wrong. */
export function wordsOf(program: Command): Words {
  const help = program.createHelp()
  const optionsOf = (command: Command): OptionWords[] => help.visibleOptions(command).map(optionWords)
  const options = optionsOf(program)
  const names = new Set(options.flatMap((option) => option.names))
  const commands = help.visibleCommands(program).map((command): CommandWords => {
    const [argument] = command.registeredArguments
    const own = optionsOf(command).filter((option) => !option.names.some((name) => names.has(name)))
    return {
      name: command.name(),
      description: command.description(),
      options: own,
      argument: argument === undefined ? undefined : argumentValue(argument),
    }
  })
  return { commands, options }
}

function optionWords({ short, long, description, required, flags, argChoices }: Option): OptionWords {
  const [, name = 'value'] = /<([^>]+)>/.exec(flags) ?? []
  return {
    names: [short, long].filter((one) => one !== undefined && one !== null),
    description,
    value: required ? valueOf(name, argChoices) : undefined,
  }
}

function argumentValue(argument: Argument): Value {
  return valueOf(argument.name(), argument.argChoices)
}

function valueOf(name: string, choices: readonly string[] | undefined): Value {
  return { name, choices: choices ?? [], isDirectory: DIRECTORIES.has(name) }
}
