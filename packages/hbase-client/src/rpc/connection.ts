import type { Socket } from 'node:net'
import { abortedError, type Deadline } from '../deadline.js'
import { HBaseError, protocolError } from '../errors.js'
import { addressText, type Address, type Settings } from '../options.js'
import type { CellBlock } from './cell-block.js'
import {
  decodeResponse,
  encodeConnectionHeader,
  encodePreamble,
  encodeRequest,
  type Reply,
  type Service,
} from './envelope.js'
import { FrameReader } from './frame-reader.js'
import { InFlightLimit } from './in-flight-limit.js'
import { authenticate } from './kerberos.js'
import { NotSasl, SaslAnswers, withLength } from './sasl.js'

/** The server's call id for "the whole connection". */
const noCall = 0xffff_ffff

const keepAliveMillis = 30_000

interface PendingCall {
  settle(outcome: Reply | HBaseError): void
}

/**
 * One TCP connection to one service of one server, with any number of concurrent calls. Keeps the process
 * alive only during calls. A broken connection stays broken: the pool opens a new one.
 */
export class Connection {
  readonly where: string
  readonly #settings: Settings
  readonly #socket: Socket
  readonly #reader: FrameReader
  readonly #limit: InFlightLimit
  readonly #calls = new Map<number, PendingCall>()
  readonly #closed: Promise<void>
  /** While the server and this process prove who they are: what the server says, and requests that wait. */
  #answers: SaslAnswers | undefined
  #waiting: (() => void)[] | undefined
  #nextCallId = 1
  #isCorked = false
  #broken: HBaseError | undefined
  /** Since when a call waits and the server has sent nothing. */
  #silentSince = 0

  constructor(
    address: Address,
    service: Service,
    settings: Settings,
    onClosed: (connection: Connection) => void,
  ) {
    this.where = addressText(address)
    this.#settings = settings
    this.#reader = new FrameReader(settings.maxResponseBytes)
    this.#limit = new InFlightLimit(settings.maxInFlightBytes, settings.maxInFlightCalls)
    const socket = settings.connect(address)
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMillis)
    const connectTimer = setTimeout(
      () => this.#break(this.#unreachable(`no connection within ${settings.connectTimeoutMillis} ms`)),
      settings.connectTimeoutMillis,
    )
    connectTimer.unref() // the socket itself keeps the process alive while a call waits for it
    if (socket.connecting) socket.once('connect', () => clearTimeout(connectTimer))
    else clearTimeout(connectTimer)
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('error', (error) => this.#break(this.#unreachable(error.message, error)))
    socket.on('end', () => this.#break(this.#unreachable('the server closed the connection')))
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        clearTimeout(connectTimer)
        this.#break(this.#unreachable('the connection was closed'))
        onClosed(this)
        resolve()
      })
    })
    socket.unref()
    if (settings.kerberos === undefined) {
      socket.cork()
      socket.write(encodePreamble('simple'))
      socket.write(encodeConnectionHeader(service, settings.user))
      socket.uncork()
    } else {
      this.#answers = new SaslAnswers(this.where)
      this.#waiting = []
      void this.#authenticate(this.#answers, settings.kerberos.service, address.host, service)
    }
  }

  /** False once the connection cannot take new calls. */
  get usable(): boolean {
    return this.#broken === undefined
  }

  /**
   * Sends a call when the limits allow it, and resolves with its reply. Rejects with `HBaseError`, within the
   * deadline.
   */
  async call(
    method: string,
    parameter: Uint8Array,
    cells: CellBlock | undefined,
    deadline: Deadline,
  ): Promise<Reply> {
    const bytes = parameter.length + (cells?.bytes ?? 0)
    const wait = this.#limit.acquire(bytes, deadline)
    if (wait) await wait
    try {
      deadline.check()
      if (this.#broken) throw this.#broken
      return await this.#send(method, parameter, cells, deadline)
    } finally {
      this.#limit.release(bytes)
    }
  }

  /** Breaks all calls with `CLOSED`; resolves when the socket is gone. */
  close(): Promise<void> {
    this.#break(new HBaseError('CLOSED', 'the client is closed'))
    return this.#closed
  }

  #send(
    method: string,
    parameter: Uint8Array,
    cells: CellBlock | undefined,
    deadline: Deadline,
  ): Promise<Reply> {
    const timeoutMillis = Math.min(deadline.remaining(), this.#settings.attemptTimeoutMillis)
    const { signal } = deadline
    const callId = this.#nextCallId
    this.#nextCallId = callId === 0x7fff_ffff ? 1 : callId + 1
    return new Promise((resolve, reject) => {
      const onAbort = () => signal && call.settle(abortedError(signal))
      const timer = setTimeout(() => this.#onTimeout(call, timeoutMillis), timeoutMillis)
      const call: PendingCall = {
        settle: (outcome) => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', onAbort)
          this.#calls.delete(callId)
          if (this.#calls.size === 0) this.#socket.unref()
          if (outcome instanceof HBaseError) reject(outcome)
          else resolve(outcome)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      if (this.#calls.size === 0) {
        this.#silentSince = performance.now()
        this.#socket.ref()
      }
      this.#calls.set(callId, call)
      const write = (): void =>
        this.#write(encodeRequest(callId, method, parameter, cells, timeoutMillis), cells)
      if (this.#waiting === undefined) write()
      else this.#waiting.push(() => this.#calls.has(callId) && write())
    })
  }

  async #authenticate(
    answers: SaslAnswers,
    kerberosService: string,
    host: string,
    service: Service,
  ): Promise<void> {
    const peer = {
      where: this.where,
      send: (token: Uint8Array) => void this.#socket.write(withLength(token)),
      check: () => {
        if (this.#broken !== undefined) throw this.#broken
      },
      reply: () => answers.reply(),
    }
    try {
      this.#socket.write(encodePreamble('kerberos'))
      const user = await authenticate(peer, kerberosService, host)
      if (this.#broken !== undefined) return
      this.#socket.write(encodeConnectionHeader(service, user))
      const waiting = this.#waiting ?? []
      this.#waiting = undefined
      for (const write of waiting) write()
      await answers.end()
    } catch (error) {
      if (!(error instanceof NotSasl)) return this.#break(typed(error))
    }
    this.#answers = undefined
    this.#onData(answers.rest())
  }

  #write(head: Buffer, cells: CellBlock | undefined): void {
    // One write for all calls of this turn of the event loop.
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#isCorked = false
        this.#socket.uncork()
      })
    }
    this.#socket.write(head)
    for (const piece of cells?.pieces ?? []) this.#socket.write(piece)
  }

  #onData(chunk: Buffer): void {
    if (this.#broken) return
    this.#silentSince = performance.now()
    try {
      if (this.#answers === undefined) this.#reader.push(chunk, (frame) => this.#onFrame(frame))
      else this.#answers.push(chunk)
    } catch (error) {
      const reason = typed(error)
      this.#break(new HBaseError(reason.code, `${this.where}: ${reason.message}`, { cause: reason.cause }))
    }
  }

  #onFrame(frame: Buffer): void {
    const { callId, outcome } = decodeResponse(frame, this.where)
    const call = this.#calls.get(callId)
    // A call that timed out or was aborted has no entry; its late answer is dropped.
    if (call) call.settle(outcome)
    else if (callId === noCall && outcome instanceof HBaseError) this.#break(outcome)
  }

  #onTimeout(call: PendingCall, timeoutMillis: number): void {
    const doing = this.#waiting === undefined ? '' : ', while Kerberos was asked'
    const message = `${this.where}: no answer within ${Math.round(timeoutMillis)} ms${doing}`
    call.settle(new HBaseError('TIMEOUT', message, { recovery: 'elsewhere' }))
    const silentMillis = performance.now() - this.#silentSince
    // The peer is gone (half open) or hangs. A new connection is better in both cases.
    if (silentMillis >= this.#settings.attemptTimeoutMillis * 0.99) {
      this.#break(this.#unreachable(`silent for ${Math.round(silentMillis)} ms`))
    }
  }

  #unreachable(why: string, cause?: Error): HBaseError {
    return new HBaseError('UNREACHABLE', `${this.where}: ${why}`, { recovery: 'elsewhere', cause })
  }

  #break(reason: HBaseError): void {
    if (this.#broken) return
    this.#broken = reason
    this.#socket.destroy()
    this.#answers?.fail(reason)
    this.#limit.fail(reason)
    for (const call of [...this.#calls.values()]) call.settle(reason)
  }
}

function typed(error: unknown): HBaseError {
  return error instanceof HBaseError ? error : protocolError('an unexpected response', error)
}
