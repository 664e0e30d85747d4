/** What an error's code says of a call: the connection broke, the caller gave up, or the request did not leave. */
export type CodeMeaning = 'reset' | 'timeout' | 'unreachable'

interface Code {
  readonly means: CodeMeaning
  /** The code under which it is recorded, as clients have several for one thing. Without it: its own. */
  readonly as?: string
}

const timeout: Code = { means: 'timeout', as: 'ETIMEDOUT' }
const cancelled: Code = { means: 'timeout', as: 'ERR_CANCELED' }
const reset: Code = { means: 'reset', as: 'ECONNRESET' }

/** Codes and names of errors. */
const codes: ReadonlyMap<string, Code> = new Map(
  Object.entries<Code>({
    ETIMEDOUT: timeout,
    // Of axios. Node's own of this name does not come out of an HTTP client.
    ECONNABORTED: timeout,
    ESOCKETTIMEDOUT: timeout,
    UND_ERR_HEADERS_TIMEOUT: timeout,
    UND_ERR_BODY_TIMEOUT: timeout,
    // The packets may have been answered late: it is not `unreachable`.
    UND_ERR_CONNECT_TIMEOUT: timeout,
    TimeoutError: timeout,

    ERR_CANCELED: cancelled,
    ABORT_ERR: cancelled,
    AbortError: cancelled,
    CanceledError: cancelled,
    UND_ERR_ABORTED: { means: 'timeout' },

    ECONNRESET: reset,
    EPIPE: reset,
    UND_ERR_SOCKET: reset,
    UND_ERR_RES_CONTENT_LENGTH_MISMATCH: reset,
    HPE_INVALID_EOF_STATE: reset,
    ERR_STREAM_PREMATURE_CLOSE: reset,
    ERR_HTTP2_STREAM_ERROR: { means: 'reset' },
    ERR_HTTP2_SESSION_ERROR: { means: 'reset' },

    ECONNREFUSED: { means: 'unreachable' },
    ENOTFOUND: { means: 'unreachable' },
    EAI_AGAIN: { means: 'unreachable' },
    EAI_NODATA: { means: 'unreachable' },
    EAI_NONAME: { means: 'unreachable' },
    EHOSTUNREACH: { means: 'unreachable' },
    EHOSTDOWN: { means: 'unreachable' },
    ENETUNREACH: { means: 'unreachable' },
    ENETDOWN: { means: 'unreachable' },
    EADDRNOTAVAIL: { means: 'unreachable' },
  }),
)

/** The code under which an error's code, or its name, is recorded. */
export function recordedCode(code: string): string {
  return codes.get(code)?.as ?? code
}

/** What a code says. Undefined for codes that say nothing of the connection. */
export function meaningOf(code: string): CodeMeaning | undefined {
  return codes.get(code)?.means
}

/** Is an error of this name, if it has no code, one by which a caller gives up? */
export function givesUp(name: string): boolean {
  return meaningOf(name) === 'timeout'
}
