/**
 * Receives one line for each change of condition (log not writable, store unavailable, store back): never one
 * per request.
 */
export type Diagnostics = (code: string, message: string) => void

/**
 * Node's own channel: one line on stderr, and `process.on('warning')` for applications that route it
 * elsewhere. Messages contain names of directories and texts of stores, so characters that control a terminal
 * are escaped.
 */
export const processDiagnostics: Diagnostics = (code, message) => {
  process.emitWarning(visible(message), { type: 'HoptraceWarning', code })
}

/** Control and format characters as `\u{…}`. */
function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  )
}
