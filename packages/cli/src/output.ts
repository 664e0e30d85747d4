import { safeJson } from './format-text.js'
import { createPaint, wantsColours, type Paint } from './paint.js'
import { createStatusLine, statusTerminal, type StatusLine } from './status-line.js'

/** Where a command writes: results to `out`, everything else to `err`. */
export interface Output {
  readonly paint: Paint
  readonly errorPaint: Paint
  /**
   * Writes lines; resolves when the reader has taken them, so that a slow reader slows us down instead of
   * filling memory.
   */
  lines(lines: readonly string[]): Promise<void>
  /** One JSON document, indented. Characters that control a terminal are escaped, here and in `row`. */
  document(value: unknown): Promise<void>
  /** One JSON object on one line. */
  row(value: unknown): Promise<void>
  /** Only for people: a note next to the result. */
  note(text: string): void
  /** A line that shows progress until it is ended; undefined if no output is a terminal. */
  status(): StatusLine | undefined
}

/**
 * Output to a process's streams. If the reader is gone (`| head`), a write ends in an EPIPE that `main`
 * handles.
 */
export function createOutput(
  out: NodeJS.WriteStream,
  err: NodeJS.WriteStream,
  env: NodeJS.ProcessEnv,
): Output {
  let status: StatusLine | undefined
  const write = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      status?.hide()
      out.write(text, (error) => (error ? reject(error) : resolve()))
    })
  return {
    paint: createPaint(wantsColours(out, env)),
    errorPaint: createPaint(wantsColours(err, env)),
    lines: (lines) => (lines.length === 0 ? Promise.resolve() : write(`${lines.join('\n')}\n`)),
    document: (value) => write(`${safeJson(JSON.stringify(value, jsonValue, 2))}\n`),
    row: (value) => write(`${safeJson(JSON.stringify(value, jsonValue))}\n`),
    note: (text) => {
      status?.hide()
      err.write(`${text}\n`)
    },
    status: () => {
      const terminal = statusTerminal(out, err, env)
      status = terminal === undefined ? undefined : createStatusLine(terminal)
      return status
    },
  }
}

/** JSON has no bigint (nanoseconds); decimal text keeps every digit. */
function jsonValue(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
