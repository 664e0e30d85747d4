import picocolors from 'picocolors'

/** The few colours with a meaning: success, failure, waiting, and less important text. */
export interface Paint {
  good(text: string): string
  bad(text: string): string
  waiting(text: string): string
  strong(text: string): string
  name(text: string): string
  faint(text: string): string
}

/** Colours, or none. The format functions take this as a parameter and stay pure. */
export function createPaint(colours: boolean): Paint {
  const c = picocolors.createColors(colours)
  return { good: c.green, bad: c.red, waiting: c.yellow, strong: c.bold, name: c.cyan, faint: c.dim }
}

/** No colours: for files, pipes and tests. */
export const plain: Paint = createPaint(false)

/**
 * Whether to colour the output to `stream`: yes if `FORCE_COLOR` is set (not 0), else no if `NO_COLOR` is set
 * (not empty), else only on a terminal that is not dumb.
 */
export function wantsColours(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env['FORCE_COLOR'] !== undefined) return env['FORCE_COLOR'] !== '0' && env['FORCE_COLOR'] !== 'false'
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}
