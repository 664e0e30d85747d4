import type { CommandWords, OptionWords, Value, Words } from './words.js'

/**
 * A script for bash, from version 3.2. What it offers for a value depends on the option before the cursor; bash reads `--dir=x` as three words.
 */
export function bashScript({ commands, options }: Words): string {
  const offers = new Map<string, Set<string>>()
  for (const { names, value } of [...options, ...commands.flatMap((command) => command.options)]) {
    if (value === undefined) continue
    const offered = offer(value)
    offers.set(offered, new Set([...(offers.get(offered) ?? []), ...names]))
  }
  const skipped = options.filter(({ value }) => value !== undefined).flatMap(({ names }) => names)
  return `# Completion of hoptrace for bash. In ~/.bashrc: eval "$(hoptrace completion bash)"
_hoptrace_offer() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done
}
_hoptrace() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command='' at
  COMPREPLY=()
  if [[ $cur == '=' ]]; then
    cur=''
  elif [[ $prev == '=' ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in
      ${skipped.join(' | ')})
        [[ \${COMP_WORDS[at + 1]} == '=' ]] && ((at++))
        ((at++))
        ;;
      -*) ;;
      *)
        command=\${COMP_WORDS[at]}
        break
        ;;
    esac
  done
  case $prev in
${[...offers].map(valueCase).join('\n')}
  esac
  case $command in
    '') _hoptrace_offer < <(compgen -W ${quoted([...commands.map(({ name }) => name), ...namesOf(options)])} -- "$cur") ;;
${commands.map((command) => commandCase(command, options)).join('\n')}
  esac
}
complete -F _hoptrace hoptrace
`
}

/** What is offered after some options. */
function valueCase([offered, names]: readonly [string, ReadonlySet<string>]): string {
  return `    ${[...names].join(' | ')})${offered}
      return
      ;;`
}

function commandCase({ name, options, argument }: CommandWords, all: readonly OptionWords[]): string {
  return `    ${name})
      _hoptrace_offer < <(compgen -W ${quoted(namesOf([...options, ...all]))} -- "$cur")${argument === undefined ? '' : offer(argument)}
      ;;`
}

function offer({ choices, isDirectory }: Value): string {
  if (choices.length > 0) return `\n      _hoptrace_offer < <(compgen -W ${quoted(choices)} -- "$cur")`
  return isDirectory
    ? `\n      _hoptrace_offer < <(compgen -d -- "$cur")\n      compopt -o filenames 2>/dev/null`
    : ''
}

function namesOf(options: readonly OptionWords[]): string[] {
  return options.flatMap(({ names }) => names)
}

function quoted(words: readonly string[]): string {
  return `'${words.join(' ')}'`
}
