import type { Tracer } from '@hoptrace/core'

/** Handles one message; the adapter calls it in the message's hop. */
export type KitHandler = (body: string) => Promise<void>

/** One topic or queue of a real or small broker, with a sender and a consumer that the adapter traces. */
export interface KitChannel {
  /** As the adapter records it: `kafka://orders`. */
  readonly destination: string
  /** Sends through the adapter. Rejects as the client does. */
  send(body: string): Promise<unknown>
  /** Sends all in one operation of the client, through the adapter. */
  sendAll(bodies: readonly string[]): Promise<unknown>
  /** Sends with these headers and without the adapter. */
  sendRaw(body: string, headers: Readonly<Record<string, string>>): Promise<unknown>
  /** Begins to consume, through the adapter. A message whose handler rejects is delivered again. */
  consume(handler: KitHandler): Promise<unknown>
  /** Ends senders and consumers. */
  close(): Promise<void>
}

/** An adapter for a message client, as the kit needs it. */
export interface MessageSubject {
  readonly name: string
  /** A new channel. The tracers are those of two services. */
  open(tracers: { readonly sender: Tracer; readonly consumer: Tracer }): Promise<KitChannel>
  /**
   * A sender to a broker that is away, without a consumer. Its `send` has to reject.
   */
  away(sender: Tracer): Promise<{ send(body: string): Promise<unknown>; close(): Promise<void> }>
}
