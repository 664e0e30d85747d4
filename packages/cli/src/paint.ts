import picocolors from 'picocolors'

/** The few colours that mean something: what went well, what did not, what waits, and what matters less. */
export interface Paint {
  good(text: string): string
  bad(text: string): string
  waiting(text: string): string
  strong(text: string): string
  name(text: string): string
  faint(text: string): string
}

/** Colours, or none: the functions that format take this and stay pure. */
export function createPaint(colours: boolean): Paint {
  const c = picocolors.createColors(colours)
  return { good: c.green, bad: c.red, waiting: c.yellow, strong: c.bold, name: c.cyan, faint: c.dim }
}

/** No colours: for files, pipes and tests. */
export const plain: Paint = createPaint(false)

/**
 * Whether to colour what goes to `stream`: `FORCE_COLOR` (not 0) says yes, else `NO_COLOR` (not empty) says no,
 * else only a terminal that is not dumb.
 */
export function wantsColours(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env['FORCE_COLOR'] !== undefined) return env['FORCE_COLOR'] !== '0' && env['FORCE_COLOR'] !== 'false'
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}
