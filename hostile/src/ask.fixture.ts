import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import path from 'node:path'
import { runDirsOf } from './plant.fixture.js'

/** A run as its row names it. */
export interface RunName {
  /** `address,worker,startNanos` */
  readonly run: string
  readonly host: string
  readonly service: string
}

/** The runs that the registry of a data directory names. */
export function runsOf(dataDir: string): RunName[] {
  const registry = path.join(dataDir, 'registry')
  return readdirSync(registry)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const document = JSON.parse(readFileSync(path.join(registry, name), 'utf8')) as { row: unknown }
      const row = (typeof document.row === 'string' ? JSON.parse(document.row) : document.row) as Record<
        string,
        unknown
      >
      const text = (field: string): string => String(row[field])
      return {
        run: `${text('address')},${text('worker')},${text('startNanos')}`,
        host: text('host'),
        service: text('service'),
      }
    })
}

/** The socket by which the newest run of a service is asked. */
export function askSocketOf(dataDir: string, service: string): string {
  return path.join(runDirsOf(dataDir, service).at(-1) ?? '', 'ask.sock')
}

/** An answer. `ended`: to its last byte. */
export interface Asked {
  readonly status: number
  readonly text: string
  readonly ended: boolean
}

/** Asks a socket or a port of loopback; gives up after `patienceMillis`. Nothing rejects: a refused question has status 0. */
export function ask(
  where: { readonly socketPath: string } | { readonly port: number },
  target: string,
  headers: Readonly<Record<string, string>> = {},
  patienceMillis = 30_000,
): Promise<Asked> {
  return new Promise((resolve) => {
    let status = 0
    let text = ''
    const done = (ended: boolean): void => resolve({ status, text, ended })
    const req = request({ host: '127.0.0.1', ...where, path: target, headers, agent: false }, (res) => {
      status = res.statusCode ?? 0
      res.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      res.once('end', () => done(true)).once('error', () => done(false))
    })
    req.once('error', () => done(false))
    req.setTimeout(patienceMillis, () => req.destroy())
    setTimeout(() => req.destroy(), patienceMillis).unref()
    req.end()
  })
}
