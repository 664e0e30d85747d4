import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { type OurDir, type Place } from '../files/index.js'

const runDirPattern = /^\d{1,20}-\d{1,10}-[0-9a-f]{6}(?:-[0-9a-f]{6})?$/
const serviceName = /^[a-z0-9._-]{1,64}$/
const logFile = /^\d{8,12}\.log$/

/** The pattern of all file names that hoptrace makes in a run's directory. */
const ours =
  /^(?:\d{8,12}\.log|log\.lost|ship\.journal|ship\.failed|owner-\d{1,6}\.sock|ask\.sock|ask\.json|\.[\w.-]{1,200}\.[0-9a-f]{16}\.(?:tmp|sock))$/

/** The directory name of a run that begins now. */
export function newRunName(startNanos: bigint, pid: number): string {
  return `${startNanos}-${pid}-${randomBytes(3).toString('hex')}`
}

/** The directory in which a run continues if another process owns its old one. */
export function nextRunDir(runDir: string): string {
  const [start, pid, first] = path.basename(runDir).split('-')
  return path.join(path.dirname(runDir), `${start}-${pid}-${first}-${randomBytes(3).toString('hex')}`)
}

export function isRunName(name: string): boolean {
  return runDirPattern.test(name)
}

export function isLogFileName(name: string): boolean {
  return logFile.test(name)
}

/** `logs/<service>/<run>`: the name of a run's directory in a registry row. */
export function logDirOf(runDir: string): string {
  const parts = path.resolve(runDir).split(path.sep)
  return ['logs', ...parts.slice(-2)].join('/')
}

/** The run's directory that a row names; undefined if the name is not `logs/<service>/<run>`. */
export function runDirOf(dataDir: string, logDir: string): string | undefined {
  const [logs, service = '', run = '', ...more] = logDir.split('/')
  if (logs !== 'logs' || more.length > 0 || !isServiceName(service) || !isRunName(run)) return undefined
  return path.join(path.resolve(dataDir), logs, service, run)
}

export function isServiceName(name: string): boolean {
  return serviceName.test(name) && name !== '.' && name !== '..'
}

/** The run's directory as a path below its data directory: no part is a link. */
export function runPlace(runDir: string): Place {
  const full = path.resolve(runDir)
  const dataDir = path.resolve(full, '../../..')
  const name = logDirOf(full)
  return path.join(dataDir, name) === full
    ? { dir: dataDir, name }
    : { dir: path.dirname(full), name: path.basename(full) }
}

/** A file in a run's directory. */
export function runFile(runDir: string, name: string): Place {
  const place = runPlace(runDir)
  return { dir: place.dir, name: `${place.name}/${name}` }
}

/** The run's directory for its owner, which may delete in it. */
export function ourRunDir(runDir: string): OurDir {
  return { place: runPlace(runDir), ours }
}
