/** The path that a layer was mounted with, in the forms of different versions. */
export interface MountedLayer {
  /** router 2.3 and newer, with Express 5: the path exactly as given to `use`. */
  readonly rawPath?: unknown
  /** Express 4: the compiled path. */
  readonly regexp?: RegExp
  /** Express 4: the names of the pattern's groups, in order. */
  readonly keys?: readonly { readonly name?: unknown }[]
}

/**
 * The pattern that a layer was mounted with, or undefined if its version keeps none. It is never derived from
 * the path of a request, which may contain anything.
 */
export function mountPattern({ rawPath, regexp, keys = [] }: MountedLayer): string | undefined {
  if (rawPath !== undefined) return patternText(rawPath)
  if (regexp === undefined) return undefined
  return decompiled(regexp.source, keys) ?? String(regexp)
}

/** A path as text: a pattern as its source, alternatives one after the other. */
function patternText(path: unknown): string {
  if (Array.isArray(path)) return path.map(patternText).join('|')
  return typeof path === 'string' ? withoutSlash(path) : String(path)
}

const withoutSlash = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path

const head = '^'
const tail = '\\/?(?=\\/|$)'
/** A literal character, a named parameter, or a star, as Express 4 compiles them. */
const part = /\\(.)|([\w~!@&=:;,%' -])|(\(\?:(\\\/)?\(\[\^\\?\/\]\+\?\)\))|(\(\.\*\))/y

/**
 * The pattern of an expression of Express 4; undefined for anything but literals, whole parameters and
 * stars.
 */
function decompiled(source: string, keys: readonly { readonly name?: unknown }[]): string | undefined {
  if (!source.startsWith(head) || !source.endsWith(tail)) return undefined
  const end = source.length - tail.length
  let text = ''
  let group = 0
  for (part.lastIndex = head.length; part.lastIndex < end;) {
    const match = part.exec(source)
    if (match === null || part.lastIndex > end) return undefined
    const [, escaped, literal, parameter, slash] = match
    if (escaped !== undefined && /\w/.test(escaped)) return undefined
    const name = escaped ?? literal
    if (name !== undefined) text += name
    else {
      const key = keys[group++]?.name
      text += parameter === undefined ? '*' : `${slash === undefined ? '' : '/'}:${String(key)}`
    }
  }
  return text
}
