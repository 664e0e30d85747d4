import { inspect, type InspectOptions } from 'node:util'

/**
 * What is shown of a hop, a call or a tracer where it is printed or turned into JSON: never the state that
 * leads to keys.
 */
export type Shown = Readonly<Record<string, string | undefined>>

/** `Hop { id: '…' }`, as `console.log` prints objects. */
export function inspectAs(name: string, shown: Shown, options: InspectOptions): string {
  return `${name} ${inspect(shown, { ...options, depth: 1 })}`
}

/** Hides internal properties from code that enumerates an object. */
export function hideProperties(object: object, names: readonly string[]): void {
  for (const name of names) Object.defineProperty(object, name, { enumerable: false })
}
