import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { HopId } from '@hoptrace/core'
import { asyncBufferFromFile, parquetRead } from 'hyparquet'
import { fileBounds } from './names.js'
import { loadZstd } from './zstd.js'

interface KnownFile {
  readonly name: string
  readonly first: string
  readonly last: string
}

/**
 * Which hops the files of a partition have. Files say in their names which ids are in them, so that only those
 * are read, and kept in memory, that may have the id that is asked for.
 */
export class ExportedIds {
  private readonly loaded: { readonly last: string; readonly ids: ReadonlySet<string> }[] = []

  private constructor(
    private readonly dir: string,
    /** By their first id, the last one first. */
    private readonly waiting: KnownFile[],
  ) {}

  static async in(dir: string): Promise<ExportedIds> {
    const known = (await namesIn(dir)).flatMap((name) => {
      const bounds = fileBounds(name)
      return bounds === undefined ? [] : [{ name, ...bounds }]
    })
    return new ExportedIds(
      dir,
      known.sort((a, b) => (a.first < b.first ? 1 : -1)),
    )
  }

  /** Is it in one of the files? Ids have to be asked for in their order. Rejects if a file cannot be read. */
  async has(id: HopId): Promise<boolean> {
    for (let next = this.waiting.at(-1); next !== undefined && next.first <= id; next = this.waiting.at(-1)) {
      this.waiting.pop()
      if (next.last >= id)
        this.loaded.push({ last: next.last, ids: await idsOf(path.join(this.dir, next.name)) })
    }
    for (let at = this.loaded.length - 1; at >= 0; at--)
      if ((this.loaded[at]?.last ?? '') < id) this.loaded.splice(at, 1)
    return this.loaded.some(({ ids }) => ids.has(id))
  }
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function idsOf(file: string): Promise<ReadonlySet<string>> {
  const zstd = await loadZstd()
  const ids = new Set<string>()
  try {
    await parquetRead({
      file: await asyncBufferFromFile(file),
      columns: ['hop_id'],
      compressors: { ZSTD: (bytes) => zstd.decompress(bytes) },
      onChunk: ({ columnData }) => {
        for (const id of columnData) ids.add(String(id))
      },
    })
  } catch (error) {
    throw new Error(
      `${file} cannot be read, so it is not known which hops it has: ${(error as Error).message}; remove it, and export its time again`,
      { cause: error },
    )
  }
  return ids
}
