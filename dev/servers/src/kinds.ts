import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { kafka } from './kafka.js'
import { missing, type Kind } from './kind.js'

/** Servers that Debian's packages bring, and a Kafka of Maven Central. */
export type ServerKind = 'mysql' | 'redis' | 'kafka'

const mysql: Kind = {
  program: 'mariadbd',
  hasLogin: true,
  database: '/hoptrace',
  args: (dir, port, tls) => [
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
    ...(tls
      ? [`--ssl-cert=${dir}/server.pem`, `--ssl-key=${dir}/server.key`, '--require-secure-transport=ON']
      : []),
  ],
  beginsWithTls: false,
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
  unavailableReason: () => missing('mariadbd', 'mariadb-server'),
}

const redis: Kind = {
  program: 'redis-server',
  hasLogin: true,
  database: '/0',
  args: (dir, port, tls) => [
    ...[`${dir}/users.conf`, '--bind', '127.0.0.1', '--dir', `${dir}/data`],
    ...(tls
      ? [
          '--port',
          '0',
          '--tls-port',
          `${port}`,
          '--tls-auth-clients',
          'no',
          '--tls-ca-cert-file',
          `${dir}/ca.pem`,
        ]
      : ['--port', `${port}`]),
    ...(tls ? ['--tls-cert-file', `${dir}/server.pem`, '--tls-key-file', `${dir}/server.key`] : []),
    ...['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'],
  ],
  beginsWithTls: true,
  prepare: (dir, password) => {
    mkdirSync(`${dir}/data`)
    const lines = ['user default off', `user hoptrace on >${password} ~* &* +@all`]
    writeFileSync(`${dir}/users.conf`, lines.join('\n') + '\n', { mode: 0o600 })
  },
  hello: (password) => `AUTH hoptrace ${password}\r\nPING\r\n`,
  isReady: (answer) => answer.includes('+PONG'),
  unavailableReason: () => missing('redis-server', 'redis-server'),
}

export const kinds: Readonly<Record<ServerKind, Kind>> = { mysql, redis, kafka }

/** Why no such server can run here; undefined if one can. */
export function unavailableReason(kind: ServerKind): string | undefined {
  return kinds[kind].unavailableReason()
}
