import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { HoptraceError, levelStore, type Store } from '@hoptrace/core/store'

/** What the store of this process is like at the moment. */
export type StoreWeather = 'fine' | 'away' | 'slow'

/** What a store that is slow takes longer for every read and write. */
const SLOW_MILLIS = 400

let weather: StoreWeather = 'fine'

/** Makes the store of this process slow, or takes it away, for a while. */
export function setStoreWeather(next: StoreWeather, forMillis: number): void {
  weather = next
  setTimeout(() => {
    weather = 'fine'
  }, forMillis)
}

/** An embedded store that can be slow or away, as one on another machine is. */
export function fragileStore(dataDir: string, service: string): Store {
  const store = levelStore({ dir: path.join(dataDir, 'stores', service), make: true })
  const suffer = async (): Promise<void> => {
    if (weather === 'away')
      throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', 'the store is away, on purpose')
    if (weather === 'slow') await sleep(SLOW_MILLIS)
  }
  return {
    get url() {
      return store.url
    },
    supports: store.supports,
    open: () => store.open(),
    async put(rows) {
      await suffer()
      await store.put(rows)
    },
    async scan(range) {
      await suffer()
      return store.scan(range)
    },
    close: () => store.close(),
  }
}
