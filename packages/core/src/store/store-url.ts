/** The longest URL of a store, in characters: rows of the registry name it. */
export const maxUrlChars = 4096

/** Has a URL a user, a password or a query? Rows of the registry and messages show a store's URL. */
export function hasSecrets(url: string): boolean {
  return /^[\w+.-]+:\/\/(?:[^/]*@|[^?]*\?)/.test(url)
}

/** The URL as messages may show it: without user, password and query. */
export function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//…@').replace(/\?.*$/s, '?…')
}
