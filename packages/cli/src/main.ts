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
// What is still under way (a store that is away and is being tried again) keeps nobody waiting; but a pipe takes what was
// written first.
const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()))
await Promise.all([flushed(process.stdout), flushed(process.stderr)])
process.exit(interrupt.signal.aborted ? EXIT.interrupted : code)
