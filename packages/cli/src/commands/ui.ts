import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Command } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'
import { withResolver } from '../open-resolver.js'
import { UsageError } from '../usage-error.js'

interface UiFlags extends GlobalOptions {
  readonly port: number
  readonly host: string
  readonly token?: string
}

/** `hoptrace ui`: serves the page until Ctrl-C. */
export function uiCommand(context: CommandContext): Command {
  const { output, env, signal } = context
  return new Command('ui')
    .description('serve a page to find and look at traces, on this host only')
    .option('--port <n>', 'listen on this port; 0 for a free one', parsePort, 4780)
    .option('--host <address>', 'listen on this address; every question then needs a token', '127.0.0.1')
    .option('--token <token>', 'the token (default: HOPTRACE_UI_TOKEN, or a new one where --host needs it)')
    .action(async (_options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<UiFlags>()
      // The server and its libraries: no other command needs them.
      const { isLoopback, startUi } = await import('@hoptrace/ui')
      const given = flags.token ?? (env['HOPTRACE_UI_TOKEN'] || undefined)
      const token = given ?? (isLoopback(flags.host) ? undefined : randomBytes(24).toString('base64url'))
      await withResolver(flags, context, async (resolver) => {
        const { host, port } = flags
        const ui = await startUi({
          resolver,
          host,
          port,
          onError: (error) => output.warn(error.message),
          ...(token === undefined ? {} : { token }),
        })
        try {
          if (flags.json) await output.document({ url: ui.url })
          else await output.lines([ui.url])
          if (!signal.aborted) await once(signal, 'abort')
        } finally {
          await ui.close()
        }
      })
    })
}

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new UsageError(`'${text}' is not a port`, 'a port is a number from 0 to 65535')
}
