import { safeJson, safeText } from './format-text.js'
import { createPaint, wantsColours, type Paint } from './paint.js'
import { createStatusLine, statusTerminal, type StatusLine } from './status-line.js'

/** Where a command writes: results to `out`, everything else to `err`. */
export interface Output {
  readonly paint: Paint
  readonly errorPaint: Paint
  /** Width of the terminal that shows the results; undefined where they go to none: a pipe, a file. */
  readonly columns: number | undefined
  /**
   * Writes lines; resolves when the reader has taken them, so that a slow reader slows us down instead of
   * filling memory.
   */
  lines(lines: readonly string[]): Promise<void>
  /**
   * Writes lines over those of its last call, cut to the terminal. Undefined where the results go to no terminal that can do so.
   */
  readonly redraw: ((lines: readonly string[]) => Promise<void>) | undefined
  /** One JSON document, indented. Characters that control a terminal are escaped, here and in `row`. */
  document(value: unknown): Promise<void>
  /** One JSON object on one line. */
  row(value: unknown): Promise<void>
  /** Only for people: a note next to the result. */
  note(text: string): void
  /** A reason to doubt the result, or to expect more than it shows. With `--json`: `{"warning":"…"}`. */
  warn(text: string): void
  /** Why there is no result: lines for people, or the error as JSON with `--json`. */
  fail(lines: readonly string[], error: ErrorJson): void
  /** A line that shows progress until it is ended; undefined if no output is a terminal. */
  status(): StatusLine | undefined
}

/** An error as `--json` prints it, on a line of its own on the error stream. */
export interface ErrorJson {
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/**
 * Output to a process's streams. If the reader is gone (`| head`), a write ends in an EPIPE that `main`
 * handles.
 */
export function createOutput(
  out: NodeJS.WriteStream,
  err: NodeJS.WriteStream,
  env: NodeJS.ProcessEnv,
  json = false,
): Output {
  let status: StatusLine | undefined
  const write = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      status?.hide()
      out.write(text, (error) => (error ? reject(error) : resolve()))
    })
  const errorPaint = createPaint(wantsColours(err, env))
  const say = (text: string): void => {
    status?.hide()
    err.write(`${text}\n`)
  }
  const sayJson = (value: unknown): void => say(safeJson(JSON.stringify(value)))
  return {
    paint: createPaint(wantsColours(out, env)),
    errorPaint,
    columns: out.isTTY ? out.columns : undefined,
    lines: (lines) => (lines.length === 0 ? Promise.resolve() : write(`${lines.join('\n')}\n`)),
    redraw: out.isTTY && env['TERM'] !== 'dumb' ? createRedraw(out, write) : undefined,
    document: (value) => write(`${safeJson(JSON.stringify(value, jsonValue, 2))}\n`),
    row: (value) => write(`${safeJson(JSON.stringify(value, jsonValue))}\n`),
    note: say,
    warn: (text) =>
      json ? sayJson({ warning: text }) : say(`${errorPaint.waiting('warning:')} ${safeText(text, 1000)}`),
    fail: (lines, error) => {
      if (json) sayJson({ error })
      else for (const line of lines) say(line)
    },
    status: () => {
      const terminal = statusTerminal(out, err, env)
      status = terminal === undefined ? undefined : createStatusLine(terminal)
      return status
    },
  }
}

/** For a terminal that does not report its height. */
const ROWS = 24
/** Lines that are too long are cut by the terminal: a wrapped one would have an unknown height. */
const [CUT, WRAP] = ['\u001b[?7l', '\u001b[?7h']
const CLEAR_BELOW = '\u001b[J'

function createRedraw(
  out: NodeJS.WriteStream,
  write: (text: string) => Promise<void>,
): (lines: readonly string[]) => Promise<void> {
  let height = 0
  return (lines) => {
    // The last row has the cursor.
    const room = Math.max(1, (out.rows || ROWS) - 1)
    const shown = lines.length > room ? [...lines.slice(0, room - 1), '…'] : lines
    const up = height === 0 ? '\r' : `\r\u001b[${height}A`
    height = shown.length
    return write(`${up}${CLEAR_BELOW}${CUT}${shown.join('\n')}${WRAP}\n`)
  }
}

/** JSON has no bigint (nanoseconds); decimal text keeps every digit. */
function jsonValue(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
