/** Receives one line for each change of condition (log not writable, store away, store back): never one per request. */
export type Diagnostics = (code: string, message: string) => void

/** Node's own channel: one line on stderr, and `process.on('warning')` for those who route it elsewhere. */
export const processDiagnostics: Diagnostics = (code, message) => {
  process.emitWarning(message, { type: 'HoptraceWarning', code })
}
