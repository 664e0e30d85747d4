/**
 * Undefined for what is no URL. Not by `URL.canParse`: that of Node 20, once it is compiled, says false for some letters
 * that are not ASCII.
 */
export function parseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}
