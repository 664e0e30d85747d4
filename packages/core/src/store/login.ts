/** Who a store's server takes a process for. */
export interface StoreLogin {
  readonly user: string
  readonly password: string
}

const serverPattern = /^([\w+.-]+:\/\/)(?:([^/#]*)@)?([^/#]+)/
/** Logins that this process was given with the options of a store, by server: `mysql://db:3306`. */
const given = new Map<string, StoreLogin>()

/** The URL as rows and messages show it, without its user and password. Throws `TypeError` for a login that cannot be read. */
export function withoutLogin(url: string): string {
  const [, scheme, login] = serverPattern.exec(url) ?? []
  if (scheme === undefined || login === undefined) return url
  readLogin(login)
  return scheme + url.slice(scheme.length + login.length + 1)
}

/** The login in a URL. It is kept for the stores on the same server that this process opens by a URL without one. */
export function keepLogin(url: string): StoreLogin | undefined {
  const [, scheme, text, server] = serverPattern.exec(url) ?? []
  if (text === undefined) return undefined
  const login = readLogin(text)
  given.set(`${scheme}${server}`, login)
  return login
}

/**
 * The login for a store's server: the one that came with the options of a store there, or else the one in `HOPTRACE_STORE_LOGINS`, a list
 * of URLs such as `mysql://user:password@db:3306`. A login is sent to its own server only, whatever server a registry row names.
 */
export function loginFor(url: string, env: NodeJS.ProcessEnv = process.env): StoreLogin | undefined {
  const [, scheme, , server] = serverPattern.exec(url) ?? []
  const place = `${scheme}${server}`
  const found = given.get(place)
  if (found !== undefined) return found
  for (const word of (env['HOPTRACE_STORE_LOGINS'] ?? '').split(/\s+/)) {
    const [, itsScheme, login, itsServer] = serverPattern.exec(word) ?? []
    if (login !== undefined && `${itsScheme}${itsServer}` === place) return readLogin(login)
  }
  return undefined
}

function readLogin(text: string): StoreLogin {
  const colon = text.indexOf(':')
  try {
    return {
      user: decodeURIComponent(colon < 0 ? text : text.slice(0, colon)),
      password: colon < 0 ? '' : decodeURIComponent(text.slice(colon + 1)),
    }
  } catch {
    // The message does not show the text, which holds a password.
    throw new TypeError('the user and the password of a URL must be percent-encoded')
  }
}
