import { fork, type ChildProcess } from 'node:child_process'
import { built } from '../../../../dev/built.mjs'
import type { AskedMessage, AskMessage } from './asker.js'
import type { Answer, Question } from './question.js'

/** No question may take longer, its process included. */
const MOST_MILLIS = 120_000
/** No process that asks gets more heap, in MB. */
const MOST_HEAP = 200

/** Why there is no answer. */
export type NoAnswer = 'hang' | 'crash'

/** A process that asks questions, one after the other. It is ended when it hangs, and started again with the next question. */
export class AskingProcess {
  /** The most memory, in bytes, that a process has taken beyond what it had before its first question. */
  grownBytes = 0
  #child: Promise<ChildProcess> | undefined
  #restBytes = 0

  async ask(dataDir: string, question: Question): Promise<Answer | NoAnswer> {
    this.#child ??= start()
    const child = await this.#child
    const asked = await new Promise<AskedMessage | NoAnswer>((resolve) => {
      const late = setTimeout(() => done('hang'), MOST_MILLIS)
      const crashed = (): void => done('crash')
      const done = (what: AskedMessage | NoAnswer): void => {
        clearTimeout(late)
        child.off('exit', crashed).off('message', done)
        resolve(what)
      }
      child.once('exit', crashed).once('message', done)
      const message: AskMessage = { dataDir, question }
      child.send(message)
    })
    if (typeof asked === 'string') {
      child.kill('SIGKILL')
      this.#child = undefined
      this.#restBytes = 0
      return asked
    }
    // The first answer loads what all of them need.
    if (this.#restBytes === 0) this.#restBytes = asked.peakBytes
    this.grownBytes = Math.max(this.grownBytes, asked.peakBytes - this.#restBytes)
    return asked.answer
  }

  async close(): Promise<void> {
    const child = await this.#child
    child?.kill('SIGKILL')
  }
}

async function start(): Promise<ChildProcess> {
  const child = fork(built(new URL('asker.ts', import.meta.url)), {
    execArgv: [`--max-old-space-size=${MOST_HEAP}`],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', (code) => reject(new Error(`the asking process ended with ${String(code)}`)))
  })
  return child
}
