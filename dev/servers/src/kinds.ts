import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'

/** Servers that Debian's packages bring. */
export type ServerKind = 'mysql' | 'redis'

/** How a server is run on its own directory. */
export interface Kind {
  readonly program: string
  /** Debian's package of it. */
  readonly package: string
  /** What follows the port in its URL. */
  readonly database: string
  readonly args: (dir: string, port: number) => string[]
  /** Makes its data, and the user that its URL names. */
  readonly prepare: (dir: string, password: string) => void
  /** What a client says first, and whether the answer shows that the server is ready. */
  readonly hello: (password: string) => string
  readonly isReady: (answer: string) => boolean
}

const mysql: Kind = {
  program: 'mariadbd',
  package: 'mariadb-server',
  database: '/hoptrace',
  args: (dir, port) => [
    '--no-defaults',
    `--datadir=${dir}/data`,
    // A server that starts removes temporary tables, also those of another one in the same directory.
    `--tmpdir=${dir}/tmp`,
    `--socket=${dir}/socket`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    `--init-file=${dir}/init.sql`,
    '--innodb-buffer-pool-size=64M',
    `--user=${userInfo().username}`,
  ],
  prepare: (dir, password) => {
    mkdirSync(`${dir}/tmp`)
    const lines = [
      'CREATE DATABASE IF NOT EXISTS hoptrace;',
      `GRANT ALL ON *.* TO 'hoptrace'@'%' IDENTIFIED BY '${password}' WITH GRANT OPTION;`,
    ]
    writeFileSync(`${dir}/init.sql`, lines.join('\n') + '\n', { mode: 0o600 })
    const { status, stdout, stderr } = spawnSync(
      'mariadb-install-db',
      [
        '--no-defaults',
        `--datadir=${dir}/data`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        `--user=${userInfo().username}`,
      ],
      { encoding: 'utf8', env: { ...process.env, TMPDIR: `${dir}/tmp` } },
    )
    if (status !== 0) throw new Error(`mariadb-install-db failed:\n${stdout}${stderr}`)
  },
  // The server greets when it is ready.
  hello: () => '',
  isReady: (answer) => answer.length > 5,
}

const redis: Kind = {
  program: 'redis-server',
  package: 'redis-server',
  database: '/0',
  args: (dir, port) => [
    ...[`${dir}/users.conf`, '--port', `${port}`, '--bind', '127.0.0.1', '--dir', `${dir}/data`],
    ...['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'],
  ],
  prepare: (dir, password) => {
    mkdirSync(`${dir}/data`)
    const lines = ['user default off', `user hoptrace on >${password} ~* &* +@all`]
    writeFileSync(`${dir}/users.conf`, lines.join('\n') + '\n', { mode: 0o600 })
  },
  hello: (password) => `AUTH hoptrace ${password}\r\nPING\r\n`,
  isReady: (answer) => answer.includes('+PONG'),
}

export const kinds: Readonly<Record<ServerKind, Kind>> = { mysql, redis }

/** Debian has servers where only root looks for programs. */
export const searchPath = `${process.env['PATH'] ?? ''}:/usr/sbin`

/** Why no such server can run here; undefined if one can. */
export function unavailableReason(kind: ServerKind): string | undefined {
  const { program, package: name } = kinds[kind]
  const env = { ...process.env, PATH: searchPath }
  const found = spawnSync('sh', ['-c', `command -v ${program}`], { env }).status === 0
  return found ? undefined : `there is no ${program}: install Debian's package ${name}`
}
