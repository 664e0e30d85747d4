import type { OptionWords, Value, Words } from './words.js'

/** A script for fish. */
export function fishScript({ commands, options }: Words): string {
  const names = commands.map(({ name }) => name).join(' ')
  const lines = [
    'complete -c hoptrace -f',
    ...commands.map(
      ({ name, description }) =>
        `complete -c hoptrace -n ${quoted(`not __fish_seen_subcommand_from ${names}`)} -a ${name} -d ${quoted(description)}`,
    ),
    ...options.map((option) => `complete -c hoptrace${optionText(option)}`),
    ...commands.flatMap(({ name, options: own, argument }) => {
      const within = `complete -c hoptrace -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`
      const value = argument === undefined ? '' : valueText(argument)
      return [
        ...own.map((option) => `${within}${optionText(option)}`),
        ...(value === '' ? [] : [`${within}${value}`]),
      ]
    }),
  ]
  return `# Completion of hoptrace for fish. In ~/.config/fish/config.fish: hoptrace completion fish | source
${lines.join('\n')}
`
}

function optionText({ names, description, value }: OptionWords): string {
  const flags = names.map((name) => (name.startsWith('--') ? ` -l ${name.slice(2)}` : ` -s ${name.slice(1)}`))
  return `${flags.join('')} -d ${quoted(description)}${value === undefined ? '' : ` -x${valueText(value)}`}`
}

function valueText({ choices, isDirectory }: Value): string {
  if (choices.length > 0) return ` -a ${quoted(choices.join(' '))}`
  return isDirectory ? ` -a '(__fish_complete_directories)'` : ''
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
