import { safeText } from './format-text.js'

/** Work that is shorter shows nothing. */
const DELAY_MILLIS = 300
/** The least time between two updates. */
const EVERY_MILLIS = 80
/** For a terminal that does not report its width. */
const COLUMNS = 80

/** Moves to the beginning of the line, and erases it. */
const ERASE = '\r\u001b[2K'

/**
 * One line on a terminal that shows the progress of work. Each text overwrites the last, and `end` erases the
 * line.
 */
export interface StatusLine {
  /**
   * What the work does now. Shown only if all of the work takes long, and not more often than a person can
   * read.
   */
  show(text: string): void
  /** Makes room for permanent lines; the next `show` shows it again. */
  hide(): void
  /** Removes it for good. */
  end(): void
}

/** A status line on a terminal. The delay before it appears begins now. */
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
    // A wrapped line could not be erased, and some terminals wrap in the last column.
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

/** Where to show it: a terminal that can erase a line, preferably not the one that gets the answer. */
export function statusTerminal(
  out: NodeJS.WriteStream,
  err: NodeJS.WriteStream,
  env: NodeJS.ProcessEnv,
): NodeJS.WriteStream | undefined {
  if (env['TERM'] === 'dumb') return undefined
  return err.isTTY ? err : out.isTTY ? out : undefined
}
