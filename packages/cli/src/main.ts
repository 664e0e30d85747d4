import { EXIT } from './exit-codes.js'
import { runCommand } from './run-command.js'

// The reader of stdout has closed the pipe (`hoptrace range … | head`). It does not want the rest, so this is
// no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.good : EXIT.unknown)
})
process.stderr.on('error', () => undefined)

const interrupt = new AbortController()
process.once('SIGINT', () => {
  interrupt.abort()
  // A pending read must not keep the user waiting.
  setTimeout(() => process.exit(EXIT.interrupted), 1000).unref()
})

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()))

async function main(): Promise<void> {
  const code = await runCommand(process.argv.slice(2), {
    out: process.stdout,
    err: process.stderr,
    env: process.env,
    signal: interrupt.signal,
  })
  // Pending work (retries against an unavailable store) must not delay the exit. But a pipe has to take what
  // was written.
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  process.exit(interrupt.signal.aborted ? EXIT.interrupted : code)
}

void main()
