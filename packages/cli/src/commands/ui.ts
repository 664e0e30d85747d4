import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Command } from 'commander'
import type { CommandContext, GlobalOptions } from '../context.js'
import { withResolver } from '../open-resolver.js'

interface UiFlags extends GlobalOptions {
  readonly port: number
  readonly host: string
  readonly token?: string
}

/** `hoptrace ui`: serves the page until Ctrl-C. */
export async function run(context: CommandContext, command: Command): Promise<void> {
  const { output, env, signal } = context
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
}
