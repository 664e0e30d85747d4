import { CommanderError } from 'commander'
import { EXIT } from './exit-codes.js'
import { createOutput } from './output.js'
import { createProgram } from './program.js'

/** The environment of a command. */
export interface Surroundings {
  readonly out: NodeJS.WriteStream
  readonly err: NodeJS.WriteStream
  readonly env: NodeJS.ProcessEnv
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}

/** Runs `hoptrace <argv>` and resolves to its exit code. Never rejects. */
export async function runCommand(argv: readonly string[], around: Surroundings): Promise<number> {
  const output = createOutput(around.out, around.err, around.env, argv.includes('--json'))
  let code: number = EXIT.good
  const usage: string[] = []
  const program = createProgram({
    output,
    env: around.env,
    signal: around.signal,
    usage: (text) => usage.push(text),
    exitWith: (value) => {
      code = value
    },
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.good
      output.fail(usage, { code: 'HOPTRACE_USAGE', message: messageOf(error) })
      return EXIT.misuse
    }
    if (around.signal.aborted) return EXIT.interrupted
    if (isBrokenPipe(error)) return EXIT.good
    const { errorJson, formatError, isMisuse } = await import('./format-error.js')
    output.fail(formatError(error, output.errorPaint), errorJson(error))
    if (around.env['HOPTRACE_DEBUG']) output.note(String((error as Error).stack ?? error))
    return isMisuse(error) ? EXIT.misuse : EXIT.unknown
  }
}

/** The parser's words; it has none of its own where it shows the help because the command is missing or unknown. */
function messageOf({ code, message }: CommanderError): string {
  return code === 'commander.help'
    ? 'a command is missing: see hoptrace --help'
    : message.replace(/^error: /, '')
}

function isBrokenPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'EPIPE'
}
