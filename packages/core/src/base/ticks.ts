import { executionAsyncResource } from 'node:async_hooks'

const kept: object[] = []

/**
 * Keeps one of the objects that `process.nextTick` makes. If a garbage collection finds none of them alive, V8 forgets their
 * shape. From then on it makes each one by its slow path, which costs a request several microseconds. An application
 * makes its first ones when requests come; from then on, some are always alive. What hoptrace does at its start makes
 * them earlier, and so does Node for `--import`.
 */
export function keepTicksFast(): void {
  // Deno and Bun make no such objects. On Bun, the call would open the standard input.
  if (kept.length > 0 || 'bun' in process.versions || 'deno' in process.versions) return
  process.nextTick(() => void kept.push(executionAsyncResource()))
}
