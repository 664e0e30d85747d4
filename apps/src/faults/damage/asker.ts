import { Writable } from 'node:stream'
import { runCommand } from '@hoptrace/cli'
import type { Answer, Question } from './question.js'

// Asks questions in a separate process, so that one that hangs or takes too much memory can be ended.

/** The message that the asker gets. */
export interface AskMessage {
  readonly dataDir: string
  readonly question: Question
}

/** What it answers. */
export interface AskedMessage {
  readonly answer: Answer
  /** The most memory that the process has had so far, in bytes. */
  readonly peakBytes: number
}

/** The `--timeout` of the command; the parent waits somewhat longer. */
const TIMEOUT = '5s'

process.on('message', ({ dataDir, question }: AskMessage) => {
  void ask(dataDir, question).then((answer) => {
    const said: AskedMessage = { answer, peakBytes: process.resourceUsage().maxRSS * 1024 }
    process.send?.(said)
  })
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')

async function ask(dataDir: string, { command, subject, options }: Question): Promise<Answer> {
  const out = collector()
  const err = collector()
  const exit = await runCommand(
    [command, subject, ...options, '--json', '--dir', dataDir, '--timeout', TIMEOUT],
    {
      out: out.stream,
      err: err.stream,
      env: {},
      signal: new AbortController().signal,
    },
  )
  return { exit, printed: documentsIn(command, out.text()), notes: err.text() }
}

/** `resolve` prints one document, the others one a line. */
function documentsIn(command: string, text: string): unknown[] {
  if (text.trim() === '') return []
  if (command === 'resolve') return [JSON.parse(text) as unknown]
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
}

function collector(): { readonly stream: NodeJS.WriteStream; readonly text: () => string } {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  return {
    stream: stream as unknown as NodeJS.WriteStream,
    text: () => Buffer.concat(chunks).toString('utf8'),
  }
}
