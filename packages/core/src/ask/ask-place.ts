import { endpointOf } from './endpoint-of.js'
import path from 'node:path'
import { kindSync, listDir, readFile } from '../files/index.js'
import { logDirOf, runDirOf, runFile, runPlace } from '../rundir/index.js'
import { runName, type InstanceRow } from '../record/instance-row.js'
import { askFileName, askSocketName, type AskFile } from './names.js'

/** How a run is asked: by what is in its directory, or at its address by a signed question. */
export type AskPlace =
  | { readonly kind: 'socket'; readonly run: string; readonly path: string }
  | { readonly kind: 'loopback'; readonly run: string; readonly port: number; readonly secret: string }
  | { readonly kind: 'remote'; readonly run: string; readonly base: URL; readonly host: string }

const maxFileBytes = 1024

/**
 * Finds how runs are asked. A run whose directory is below the data directory is asked by its socket there
 * and by nothing else; any other at its endpoint, when there is a key to sign with.
 */
export class AskPlaces {
  constructor(
    private readonly dataDir: string,
    /** Is there a key to sign with? */
    private readonly signs: () => boolean,
  ) {}

  /** Undefined if the run cannot be asked. Never rejects. */
  async of(row: InstanceRow): Promise<AskPlace | undefined> {
    const run = runName(row)
    const local = this.localDir(row)
    const place = local === undefined ? undefined : await placeIn(local, run)
    if (place !== undefined) return place
    // A run whose directory is here is asked there and nowhere else.
    const entries = local === undefined ? [] : await listDir(runPlace(local)).catch(() => [])
    if (entries.length > 0) return undefined
    const base = this.maySign() ? endpointOf(row) : undefined
    return base === undefined ? undefined : { kind: 'remote', run, base, host: row.host }
  }

  private maySign(): boolean {
    try {
      return this.signs()
    } catch {
      // The key of the data directory cannot be read: it is for runs of this host, which need none.
      return false
    }
  }

  /** Where the run's directory is if it is below this data directory. */
  private localDir({ logDir }: InstanceRow): string | undefined {
    const dir = path.resolve(this.dataDir, logDir)
    const expected = runDirOf(this.dataDir, logDirOf(dir))
    return expected === dir ? dir : undefined
  }
}

/** How the run of this directory is asked, if it is there to be asked. Never rejects. */
export async function placeIn(
  dir: string,
  run: string,
): Promise<Exclude<AskPlace, { kind: 'remote' }> | undefined> {
  try {
    if (kindSync(runFile(dir, askSocketName)) === 'socket')
      return { kind: 'socket', run, path: path.join(dir, askSocketName) }
    if (kindSync(runFile(dir, askFileName)) !== 'file') return undefined
    const text = await readFile(runFile(dir, askFileName), { maxBytes: maxFileBytes })
    const { port, secret } = JSON.parse(text.toString()) as Partial<AskFile>
    if (!Number.isInteger(port) || typeof secret !== 'string' || !/^[\w-]{16,64}$/.test(secret))
      return undefined
    return { kind: 'loopback', run, port: port as number, secret }
  } catch {
    return undefined
  }
}
