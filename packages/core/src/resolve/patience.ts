import { timing } from '../base/timing.js'
import { orLate } from '../base/deadline.js'
import { HoptraceError } from '../base/errors.js'
import type { Store } from '../store/contract.js'

/**
 * Bounds the wait for one source (a store, a log, an instance), so that a hanging source takes only its share
 * of a question's time, and only once. Its pending work continues, but nothing waits for it.
 */
export class Patience {
  private readonly away = new Map<string, number>()

  constructor(readonly millis: number) {}

  /** What a place answers. Rejects with `HOPTRACE_STORE_UNAVAILABLE` when it does not in time. */
  async within<T>(place: string, ask: () => Promise<T>): Promise<T> {
    if (performance.now() < (this.away.get(place) ?? 0)) throw this.late(place)
    const answer = await orLate(ask(), this.millis)
    if (answer === undefined) {
      this.away.set(place, performance.now() + timing.skipSourceMillis)
      throw this.late(place)
    }
    this.away.delete(place)
    return answer.value
  }

  /** What a place gives, piece by piece. Rejects when the next piece does not come in time. */
  async *each<T>(place: string, pieces: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    if (performance.now() < (this.away.get(place) ?? 0)) throw this.late(place)
    const reader = pieces[Symbol.asyncIterator]()
    let fail = (): void => undefined
    let isLate = false
    const timer = setTimeout(() => fail(), this.millis)
    try {
      for (;;) {
        timer.refresh()
        const next = await new Promise<IteratorResult<T, unknown>>((resolve, reject) => {
          fail = () => {
            isLate = true
            this.away.set(place, performance.now() + timing.skipSourceMillis)
            reject(this.late(place))
          }
          reader.next().then(resolve, reject)
        })
        if (next.done === true) return
        // How long the reader of this takes is not its fault.
        fail = () => undefined
        yield next.value
      }
    } finally {
      clearTimeout(timer)
      const left = reader.return?.()
      left?.catch(() => undefined)
      if (!isLate) await left
    }
  }

  private late(place: string): HoptraceError {
    return new HoptraceError(
      'HOPTRACE_STORE_UNAVAILABLE',
      `${place} gave no answer within ${(this.millis / 1000).toFixed(1)} s`,
    )
  }
}

/** The same store, of which no scan is waited for longer than the patience lasts. */
export function patiently(store: Store, patience: Patience): Store {
  return {
    url: store.url,
    supports: store.supports,
    open: () => store.open(),
    put: (rows) => store.put(rows),
    scan: (range) => patience.within(store.url, () => store.scan(range)),
    close: () => store.close(),
  }
}
