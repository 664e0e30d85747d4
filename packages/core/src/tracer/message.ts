import { isError } from '../base/is-error.js'
import type { MessageTarget } from '../hop/call.js'
import { messageSent } from '../record/destination.js'
import type { Tracer } from './tracer.js'

/** What an adapter does with one message that is sent. */
export interface OutboundMessage {
  /** Set these on the message; they replace headers of the same names. */
  readonly headers: Readonly<Record<string, string>>
  /** The broker has it. */
  sent(): void
  /** The sender does not know that it got there. The error is described, not touched. */
  failed(error: unknown): void
}

/**
 * Begins the call for one message: each message of a batch is a separate call. The call is in the log when this
 * returns. `undefined` outside any hop: the message leaves untouched. Never throws.
 */
export function beginMessage(tracer: Tracer, target: MessageTarget): OutboundMessage | undefined {
  const { hop } = tracer
  if (hop === undefined || !tracer.active) return undefined
  try {
    const call = hop.call(target)
    return {
      headers: call.headers,
      sent: () => call.end(messageSent),
      failed: (error) => call.end(isError(error) || typeof error === 'string' ? error : 'ERROR'),
    }
  } catch {
    tracer.currentRun.failed()
    return undefined
  }
}
