import { safeText } from './format-text.js'

/** What is shorter than this shows nothing. */
const DELAY_MILLIS = 300
/** So often it is written at most. */
const EVERY_MILLIS = 80
/** Where a terminal does not say how wide it is. */
const COLUMNS = 80

/** Back to the beginning of the line, and all of it erased. */
const ERASE = '\r\u001b[2K'

/** One line on a terminal that says what goes on, overwritten each time, and in the end removed. */
export interface StatusLine {
  /** What goes on now. Shown only when all of it takes long, and not more often than can be seen. */
  show(text: string): void
  /** Makes room for lines that stay; the next change shows it again. */
  hide(): void
  /** Removes it for good. */
  end(): void
}

/** A status line on a terminal; the time before it is shown begins now. */
export function createStatusLine(terminal: NodeJS.WriteStream): StatusLine {
  let text: string | undefined
  let shown = false
  let ended = false
  let timer: NodeJS.Timeout | undefined
  const wait = (millis: number): void => {
    timer = setTimeout(draw, millis).unref()
  }
  const draw = (): void => {
    timer = undefined
    if (text === undefined) return
    // One that wraps could not be erased; the last column makes some terminals wrap.
    const width = (terminal.columns || COLUMNS) - 1
    const line = safeText(text, width)
      .replace(/[^ -~]/g, '?')
      .slice(0, width)
    text = undefined
    terminal.write(`${ERASE}${line}`)
    shown = true
    wait(EVERY_MILLIS)
  }
  const hide = (): void => {
    if (shown) terminal.write(ERASE)
    shown = false
  }
  wait(DELAY_MILLIS)
  return {
    show: (next) => {
      if (ended) return
      text = next
      if (timer === undefined) draw()
    },
    hide,
    end: () => {
      ended = true
      text = undefined
      clearTimeout(timer)
      hide()
    },
  }
}

/** Where it may be shown: a terminal that can erase a line, best the one that the answer does not go to. */
export function statusTerminal(
  out: NodeJS.WriteStream,
  err: NodeJS.WriteStream,
  env: NodeJS.ProcessEnv,
): NodeJS.WriteStream | undefined {
  if (env['TERM'] === 'dumb') return undefined
  return err.isTTY ? err : out.isTTY ? out : undefined
}
