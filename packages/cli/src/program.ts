import { Command, Option } from 'commander'
import { commandsOf } from './commands.js'
import type { CommandContext } from './context.js'
import { UsageError } from './usage-error.js'

/** The whole command line. Parsing throws `CommanderError` instead of ending the process. */
export function createProgram(context: CommandContext): Command {
  const program = new Command('hoptrace')
    .description(
      'Asks the services of a chain what happened to a request. There is no central store: it walks from hop to hop.',
    )
    .version(context.version ?? '0.1.0', '-v, --version')
    .option('--json', 'print JSON: one document; range, find and --follow print one object a line')
    .option(
      '--dir <dir>',
      'data directory of the services (default: HOPTRACE_DIR or .hoptrace)',
      (dir: string, before?: string) => {
        if (before === undefined) return dir
        throw new UsageError(
          '--dir is given more than once',
          'one data directory can be asked at a time; --store may be repeated',
        )
      },
    )
    .option(
      '--store <url>',
      'a store that services share: level:DIR, hbase://host:port, hbase+http://host:port, mysql://host/database, redis://host; over TLS hbase+tls:, hbase+https:, mysql+tls:, redis+tls:; with Kerberos hbase+kerberos:, hbase+tls+kerberos: (repeat it for several)',
      (url: string, before: readonly string[] = []) => [...before, url],
    )
    .addOption(new Option('--recursive', 'let the living services ask each other').conflicts('iterative'))
    .addOption(
      new Option('--iterative', 'ask each hop from here; needs no living service (default)').conflicts(
        'recursive',
      ),
    )
    .option('--timeout <duration>', 'give up after this time', '10s')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showHelpAfterError('(see hoptrace --help)')
    .addHelpText('after', EXITS)
  for (const command of commandsOf(context)) program.addCommand(inherit(command, program, context))
  return inherit(program, program, context)
}

function inherit(command: Command, program: Command, { output, usage }: CommandContext): Command {
  if (command !== program) command.copyInheritedSettings(program)
  return command.exitOverride().configureOutput({
    // A reader that has closed the pipe needs nothing more.
    writeOut: (text) => void output.lines([text.trimEnd()]).catch(() => undefined),
    writeErr: (text) => usage(text.trimEnd()),
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  })
}

const EXITS = `
An id has 32 hex digits (a whole traceparent will do); a key looks like orderId=42.

Exit code: 0 completed, 1 failed, died, unreachable or interrupted, 2 wrong use,
           3 not found, undetermined or not readable, 4 running
Environment: HOPTRACE_DIR, HOPTRACE_KEY (cluster key, made by: hoptrace key), HOPTRACE_STORE_LOGINS (mysql://user:password@host …),
             HOPTRACE_KERBEROS_SERVICE (hbase), KRB5CCNAME or KRB5_CLIENT_KTNAME (ticket or keytab for hbase+kerberos:),
             NO_COLOR, FORCE_COLOR, HOPTRACE_DEBUG;
             those of a service: hoptrace env`
