import { spawnSync } from 'node:child_process'

/** How a server is run on its own directory. */
export interface Kind {
  readonly program: string
  /** Whether it has the user that its URL names. */
  readonly hasLogin: boolean
  /** What follows the port in its URL. */
  readonly database: string
  /** `tls`: clients connect over TLS only, with the certificate in the directory. */
  readonly args: (dir: string, port: number, tls: boolean) => string[]
  /** Makes its data, and the user that its URL names. */
  readonly prepare: (dir: string, password: string) => void | Promise<void>
  /** Whether a TLS connection begins with TLS, and not with a greeting of the server. */
  readonly beginsWithTls: boolean
  /** What a client says first, and whether the answer shows that the server is ready. */
  readonly hello: (password: string) => string
  readonly isReady: (answer: string) => boolean
  /** Why no such server can run here; undefined if one can. */
  readonly unavailableReason: () => string | undefined
}

/** Debian has servers where only root looks for programs. */
export const searchPath = `${process.env['PATH'] ?? ''}:/usr/sbin`

/** Why a program of a Debian package cannot run here. */
export function missing(program: string, name: string): string | undefined {
  const env = { ...process.env, PATH: searchPath }
  const found = spawnSync('sh', ['-c', `command -v ${program}`], { env }).status === 0
  return found ? undefined : `there is no ${program}: install Debian's package ${name}`
}
