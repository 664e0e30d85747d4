import { executionAsyncResource } from 'node:async_hooks'

const kept: object[] = []

/**
 * Keeps one of the objects that `process.nextTick` makes. If a garbage collection finds none of them alive, V8 forgets their
 * shape. From then on it makes each one by its slow path, which costs a request several microseconds. With `--import`, Node makes
 * the first ones before the application loads, and loading it collects garbage.
 */
export function keepTicksFast(): void {
  process.nextTick(() => void kept.push(executionAsyncResource()))
}
