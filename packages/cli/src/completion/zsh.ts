import type { CommandWords, OptionWords, Value, Words } from './words.js'

/** A script for zsh: a function of its completion system, which may be in a file `_hoptrace` of `$fpath`, or be evaluated. */
export function zshScript({ commands, options }: Words): string {
  const all = options.map(specOf)
  return `#compdef hoptrace
# Completion of hoptrace for zsh. In ~/.zshrc, after compinit: eval "$(hoptrace completion zsh)"
_hoptrace() {
  local curcontext="$curcontext" state line
  local -a commands
  commands=(
${commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`).join('\n')}
  )
  _arguments -C \\
${all.map((spec) => `    ${spec} \\`).join('\n')}
    '1:command:->command' \\
    '*::argument:->argument'
  case $state in
    command) _describe -t commands 'command' commands ;;
    argument)
      case $line[1] in
${commands.map((command) => caseOf(command, all)).join('\n')}
      esac
      ;;
  esac
}
if [[ $funcstack[1] == _hoptrace ]]; then _hoptrace "$@"; else compdef _hoptrace hoptrace; fi
`
}

function caseOf({ name, options, argument }: CommandWords, all: readonly string[]): string {
  const specs = [
    ...all,
    ...options.map(specOf),
    ...(argument === undefined ? [] : [quoted(`1${actionOf(argument)}`)]),
  ]
  return `        ${name})
          _arguments \\
${specs.map((spec) => `            ${spec}`).join(' \\\n')}
          ;;`
}

/** What `_arguments` takes for an option. */
function specOf({ names, description, value }: OptionWords): string {
  const rest = `[${escaped(description)}]${value === undefined ? '' : actionOf(value)}`
  // One with a value may be given again; of a flag, either name excludes both.
  const before = value === undefined ? `(${names.join(' ')})` : '*'
  return names.map((name) => quoted(`${before}${name}${rest}`)).join(' ')
}

function actionOf({ name, choices, isDirectory }: Value): string {
  return `:${escaped(name)}:${choices.length > 0 ? `(${choices.join(' ')})` : isDirectory ? '_files -/' : ''}`
}

function escaped(text: string): string {
  return text.replace(/[\\:[\]]/g, '\\$&')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
