import { EXIT } from './exit-codes.js'
import { runCommand } from './run-command.js'

// The reader is gone (`hoptrace range … | head`): nobody wants the rest, which is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.good : EXIT.unknown)
})
process.stderr.on('error', () => undefined)

const interrupt = new AbortController()
process.once('SIGINT', () => {
  interrupt.abort()
  // Whatever is still being read must not keep a person waiting.
  setTimeout(() => process.exit(EXIT.interrupted), 1000).unref()
})

const code = await runCommand(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  env: process.env,
  signal: interrupt.signal,
})
// Not `process.exit`: a pipe may still have to take what was written.
process.exitCode = interrupt.signal.aborted ? EXIT.interrupted : code
