import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ProcessIdentity } from '../chain/process-identity.js'

/** A process that a demo started, or the demo itself. */
export interface DemoProcess extends ProcessIdentity {
  readonly name: string
  readonly port: number | null
}

/** What a demo leaves on disk about itself, so that the next one finds what it left running. */
export interface DemoState {
  readonly processes: readonly DemoProcess[]
  /** Number of the next order, so that orders of later runs in one directory have other ids. */
  readonly nextOrder: number
}

const EMPTY: DemoState = { processes: [], nextOrder: 1 }

/** Reads the state; what is missing or broken counts as empty. */
export function readDemoState(dataDir: string): DemoState {
  try {
    const value = JSON.parse(readFileSync(fileOf(dataDir), 'utf8')) as Partial<DemoState>
    const processes = Array.isArray(value.processes) ? value.processes.filter(isDemoProcess) : []
    const nextOrder = Number.isSafeInteger(value.nextOrder) ? (value.nextOrder ?? 1) : 1
    return { processes, nextOrder }
  } catch {
    return EMPTY
  }
}

/** Writes the state at once or not at all. */
export function writeDemoState(dataDir: string, state: DemoState): void {
  mkdirSync(dataDir, { recursive: true })
  const temporary = `${fileOf(dataDir)}.${process.pid}`
  writeFileSync(temporary, `${JSON.stringify(state, null, 2)}\n`)
  renameSync(temporary, fileOf(dataDir))
}

function fileOf(dataDir: string): string {
  return path.join(dataDir, 'demo.json')
}

function isDemoProcess(value: unknown): value is DemoProcess {
  const { name, pid, started } = (value ?? {}) as Record<string, unknown>
  return (
    typeof name === 'string' && Number.isSafeInteger(pid) && Number(pid) > 1 && typeof started === 'string'
  )
}
