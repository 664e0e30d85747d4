import { Argument, Command, Option } from 'commander'
import type { CommandContext } from './context.js'
import { parseCount, parsePort } from './parse-numbers.js'

/** Does what a command says, with its argument. Sets the exit code, or throws. */
type Run = (context: CommandContext, command: Command, argument: string) => Promise<void>

/**
 * The commands as the parser and the help need them. What a command does is loaded when it is called: most calls need little of
 * what a question needs.
 */
export function commandsOf(context: CommandContext): Command[] {
  return definitions().map(([command, load]) =>
    command.action(async (...given: unknown[]) => {
      const { run } = await load()
      await run(context, command, String(given[0]))
    }),
  )
}

function definitions(): [command: Command, load: () => Promise<{ readonly run: Run }>][] {
  return [
    [
      new Command('resolve')
        .description('walk from hop to hop and find where a request ended')
        .argument('<id-or-key>', 'an id, or the newest trace of a business key: orderId=42'),
      () => import('./commands/resolve.js'),
    ],
    [
      new Command('progress')
        .description('one timeline of events across all hops, and what is running now')
        .argument('<id-or-key>', 'an id, or the newest trace of a business key: orderId=42')
        .option('-f, --follow', 'continue until the request ends')
        .option('--every <duration>', 'how often --follow looks: 10ms to 60s', '500ms'),
      () => import('./commands/progress.js'),
    ],
    [
      new Command('find')
        .description('the traces of a business key, newest first')
        .argument('<key>', 'orderId=42')
        .option('--limit <n>', 'at most this many', parseCount, 20),
      () => import('./commands/find.js'),
    ],
    [
      new Command('range')
        .description('the requests of a service in a span of time, oldest first')
        .argument('<service>', 'its name')
        .option(
          '--since <time>',
          'from: 10m (ago), yesterday, 15:00, a date and time (UTC), or an epoch',
          '10m',
        )
        .option('--until <time>', 'to, likewise', 'now')
        .option('--status <status>', '502, 5xx, error (5xx, thrown or interrupted), ok, open')
        .option('--route <route>', 'only this route template')
        .option('--min-duration <duration>', 'only hops of at least this duration: 250ms')
        .option('--key <key>', 'only hops with this key: orderId=42')
        .option('--limit <n>', 'at most this many', parseCount, 100)
        .option('--after <id>', 'continue after this id, the last of the previous page')
        .option('--explain', 'also print what was asked, read and skipped'),
      () => import('./commands/range.js'),
    ],
    [
      new Command('instances')
        .description('registered instances, their state, and how far each has shipped')
        .option('--all', 'also runs that ended'),
      () => import('./commands/instances.js'),
    ],
    [
      new Command('top')
        .description('the services: requests, errors, durations, lag and live instances, until Ctrl-C')
        .option('--every <duration>', 'how often to look: 250ms to 10m', '2s')
        .option('--over <duration>', 'the time that the figures are about: 1s to 1d', '1m')
        .option('--once', 'print the table once; so does a pipe'),
      () => import('./commands/top.js'),
    ],
    [
      new Command('id')
        .description('the time, sequence and address inside an id')
        .argument('<id>', 'an id, or its sealed form if the cluster key is known')
        .addOption(new Option('--sealed', 'the id is sealed').conflicts('raw'))
        .addOption(new Option('--raw', 'the id is not sealed').conflicts('sealed')),
      () => import('./commands/id.js'),
    ],
    [
      new Command('ship')
        .description('ship the logs of dead instances in a data directory')
        .argument('<dir>', 'their data directory')
        .option('-w, --watch', 'continue until Ctrl-C: ship each instance when it has died')
        .option('--every <duration>', 'how often --watch looks: 100ms to 1h', '10s'),
      () => import('./commands/ship.js'),
    ],
    [
      new Command('copy')
        .description('copy records and registry from one place to another, and count them there')
        .requiredOption(
          '--from <place>',
          'a server (mysql://host/database, hbase://host:port) or a data directory',
        )
        .requiredOption('--to <place>', 'the same')
        .option('--service <name>', 'only this service')
        .option('--since <time>', 'only hops from this time on, as in range'),
      () => import('./commands/copy.js'),
    ],
    [
      new Command('export')
        .description('send traces to Jaeger, Tempo or a collector, or write Parquet for Spark and DuckDB')
        .argument('[id-or-key]', 'one trace for --otlp: an id, or the newest trace of a business key')
        .option('--otlp <url>', 'to what takes OpenTelemetry spans over HTTP: http://127.0.0.1:4318')
        .option('--parquet <dir>', 'into files of this directory, one row for each hop that has ended')
        .option('--since <time>', 'all from this time on, as in range; of --parquet all that is kept')
        .option('--until <time>', 'to, likewise', 'now')
        .option('--service <name>', 'only this service; of --otlp traces with a hop of it')
        .option('-f, --follow', 'continue with what is new until Ctrl-C')
        .option('--every <duration>', 'how often --follow looks: 100ms to 1h', '5s')
        .option('--hold <duration>', 'how long it waits for what still runs', '1m')
        .option('--resume <file>', 'note there how far it is, and continue there')
        .option(
          '--header <name=value>',
          'a header of every request; repeat it for several',
          (text: string, before: readonly string[] = []) => [...before, text],
        ),
      () => import('./commands/export.js'),
    ],
    [
      new Command('key').description(
        'make a cluster key: set HOPTRACE_KEY to it in all services of all hosts',
      ),
      () => import('./commands/key.js'),
    ],
    [
      new Command('ui')
        .description('serve a page to find and look at traces, on this host only')
        .option('--port <n>', 'listen on this port; 0 for a free one', parsePort, 4780)
        .option('--host <address>', 'listen on this address; every question then needs a token', '127.0.0.1')
        .option(
          '--token <token>',
          'the token (default: HOPTRACE_UI_TOKEN, or a new one where --host needs it)',
        ),
      () => import('./commands/ui.js'),
    ],
    [
      new Command('env').description('variables that configure a service, and what they are here'),
      () => import('./commands/env.js'),
    ],
    [
      new Command('completion')
        .description('print the script that completes commands and options in a shell')
        .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish'])),
      () => import('./commands/completion.js'),
    ],
  ]
}
