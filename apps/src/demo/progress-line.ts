import type { Paint } from '@hoptrace/cli'

/** One line that changes while something is under way; on what is no terminal, a line a step. */
export interface ProgressLine {
  step(text: string): void
  counter(text: string, done: number, total: number): void
  /** Removes the line, so that results can be printed. */
  done(): void
}

/** A progress line on a stream. */
export function createProgress(stream: NodeJS.WriteStream, paint: Paint): ProgressLine {
  let shown = ''
  const show = (text: string): void => {
    if (text === shown) return
    shown = text
    stream.write(stream.isTTY ? `\r\u001b[2K${paint.faint(`… ${text}`)}` : `… ${text}\n`)
  }
  return {
    step: show,
    counter: (text, done, total) => {
      if (stream.isTTY || done === total) show(`${text} ${done}/${total}`)
    },
    done: () => {
      if (stream.isTTY && shown !== '') stream.write('\r\u001b[2K')
      shown = ''
    },
  }
}
