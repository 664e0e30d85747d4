import type { Deadline } from '../deadline.js'
import { HBaseError } from '../errors.js'

interface Waiter {
  readonly bytes: number
  admit(): void
  reject(error: HBaseError): void
}

/**
 * Bounds the unanswered bytes and calls on one connection; further calls wait in order of arrival. A call
 * larger than the whole limit is admitted alone.
 */
export class InFlightLimit {
  readonly #maxBytes: number
  readonly #maxCalls: number
  readonly #waiters = new Set<Waiter>()
  #bytes = 0
  #calls = 0

  constructor(maxBytes: number, maxCalls: number) {
    this.#maxBytes = maxBytes
    this.#maxCalls = maxCalls
  }

  /**
   * Undefined if admitted at once; else a promise of the admission, which rejects when the deadline passes.
   */
  acquire(bytes: number, deadline: Deadline): Promise<void> | undefined {
    if (this.#waiters.size === 0 && this.#fits(bytes)) {
      this.#admit(bytes)
      return undefined
    }
    return this.#wait(bytes, deadline)
  }

  /** Returns the bytes that `acquire` took. */
  release(bytes: number): void {
    this.#bytes -= bytes
    this.#calls--
    for (const waiter of this.#waiters) {
      if (!this.#fits(waiter.bytes)) break
      this.#waiters.delete(waiter)
      this.#admit(waiter.bytes)
      waiter.admit()
    }
  }

  /** Rejects all waiting calls. */
  fail(error: HBaseError): void {
    for (const waiter of [...this.#waiters]) waiter.reject(error)
  }

  async #wait(bytes: number, deadline: Deadline): Promise<void> {
    deadline.check()
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer)
        deadline.signal?.removeEventListener('abort', onAbort)
        this.#waiters.delete(waiter)
      }
      const waiter: Waiter = {
        bytes,
        admit: () => (leave(), resolve()),
        reject: (error) => (leave(), reject(error)),
      }
      const onAbort = () =>
        waiter.reject(new HBaseError('ABORTED', 'the operation was aborted while it waited to be sent'))
      const timer = setTimeout(() => waiter.reject(deadline.expired()), deadline.remaining())
      deadline.signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiters.add(waiter)
    })
  }

  #fits(bytes: number): boolean {
    return this.#calls === 0 || (this.#calls < this.#maxCalls && this.#bytes + bytes <= this.#maxBytes)
  }

  #admit(bytes: number): void {
    this.#bytes += bytes
    this.#calls++
  }
}
