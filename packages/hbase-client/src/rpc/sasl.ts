import { noBytes } from '../bytes.js'
import { HBaseError, protocolError } from '../errors.js'
import { remoteError } from './remote-error.js'

/*
 * HBase's frames for SASL, between the preamble and the connection's header. The client sends tokens with a 32-bit length before. The server
 * answers with a 32-bit status: 0, and a token like the client's; or 1, and an exception as two texts, its class and its message, with
 * lengths.
 */

const success = 0
const failure = 1
/** In place of a token's length: the server does not authenticate, and would go on with "simple". */
const switchToSimple = -88

const maxTokenBytes = 64 * 1024
const maxBytes = 1024 * 1024

/** Thrown for an answer that is no frame of SASL: what was received is still in `rest`. */
export class NotSasl extends Error {}

/** The server's part of the exchange: received bytes, and the answers in them. */
export class SaslAnswers {
  readonly #where: string
  #received: Buffer = noBytes
  #failed: HBaseError | undefined
  #wake: (() => void) | undefined

  constructor(where: string) {
    this.#where = where
  }

  /** Bytes from the socket. Throws `PROTOCOL` when there are more than any exchange has. */
  push(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    if (this.#received.length > maxBytes) throw protocolError('too many bytes for an exchange of SASL')
    this.#wake?.()
  }

  /** The connection is gone: whoever waits for bytes gets the error. */
  fail(error: HBaseError): void {
    this.#failed ??= error
    this.#wake?.()
  }

  /** The server's next token. */
  async reply(): Promise<Buffer> {
    await this.#need(4)
    const status = this.#received.readInt32BE(0)
    if (status === failure) throw await this.#refusal()
    if (status !== success) throw new NotSasl()
    await this.#need(8)
    const length = this.#received.readInt32BE(4)
    if (length === switchToSimple) {
      throw new HBaseError(
        'KERBEROS',
        `${this.#where}: the server does not use Kerberos and would go on without, which this client refuses`,
      )
    }
    this.#take(4)
    return await this.#bytes()
  }

  /**
   * Waits for the first answer after the exchange. Rejects if it is a refusal: the server decides after the client's last token whether the
   * principal is a user, and a response is never as short as a refusal's first word says.
   */
  async end(): Promise<void> {
    await this.#need(4)
    if (this.#received.readInt32BE(0) === failure) throw await this.#refusal()
  }

  /** What was received and not read. */
  rest(): Buffer {
    return this.#take(this.#received.length)
  }

  async #refusal(): Promise<HBaseError> {
    this.#take(4)
    const className = (await this.#bytes()).toString('utf8')
    const text = (await this.#bytes()).toString('utf8')
    const { message, exceptionClass } = remoteError({ className, text, doNotRetry: true }, this.#where)
    return new HBaseError(
      'ACCESS_DENIED',
      `${message} (the server refuses this Kerberos ticket; its log says more)`,
      {
        exceptionClass,
      },
    )
  }

  async #bytes(): Promise<Buffer> {
    await this.#need(4)
    const length = this.#received.readInt32BE(0)
    if (length < 0 || length > maxTokenBytes)
      throw protocolError(`${this.#where}: a token of ${length} bytes`)
    await this.#need(4 + length)
    return this.#take(4 + length).subarray(4)
  }

  async #need(bytes: number): Promise<void> {
    while (this.#received.length < bytes) {
      if (this.#failed !== undefined) throw this.#failed
      await new Promise<void>((resolve) => (this.#wake = resolve))
      this.#wake = undefined
    }
    if (this.#failed !== undefined) throw this.#failed
  }

  #take(bytes: number): Buffer {
    const taken = this.#received.subarray(0, bytes)
    this.#received = this.#received.subarray(bytes)
    return taken
  }
}

/** A client's token, or the connection's header, as both go over the wire. */
export function withLength(bytes: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(4 + bytes.length)
  framed.writeUInt32BE(bytes.length, 0)
  framed.set(bytes, 4)
  return framed
}
