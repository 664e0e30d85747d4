import { spawnSync } from 'node:child_process'

/**
 * Makes `ca.pem` and, signed by it, `server.pem` with `server.key` for `localhost` and 127.0.0.1, in a directory. Needs the program
 * `openssl`, version 3.
 */
export function makeCertificate(dir: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc']
  const request = ['req', '-x509', '-days', '30', ...key]
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1'
  run(dir, [...request, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=authority of a test'])
  const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', names]
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-subj', '/CN=localhost', ...leaf]
  run(dir, [...request, '-keyout', 'server.key', '-out', 'server.pem', ...signed])
}

function run(cwd: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('openssl', args, { cwd, encoding: 'utf8' })
  if (error !== undefined) throw new Error(`openssl cannot be run: ${error.message}`)
  if (status !== 0) throw new Error(`openssl ${args.join(' ')} failed:\n${stderr}`)
}
