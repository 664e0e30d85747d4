import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readdir, rm, rmdir, stat, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import type { HopJson } from '@hoptrace/core'
import { lockDir, type DirLock } from '@hoptrace/core/store'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { columnData, schema } from './columns.js'
import { fileName } from './names.js'
import { loadZstd } from './zstd.js'

/** Spark and Hive pass over directories whose names begin with `_`, DuckDB over other endings of files. */
const temporaryDir = '_temporary'
const ending = '.tmp'
/** An export writes into its file more often than that. */
const abandonedMillis = 3_600_000

/**
 * One file while it is written, row group by row group. It has a temporary name until it is complete and on the
 * disk: a file under a final name is never half.
 */
export class ParquetFile {
  rows = 0
  bytes = 0
  private first = ''
  private last = ''

  private constructor(
    private readonly temporary: string,
    private readonly handle: FileHandle,
    private readonly sink: ByteWriter,
    private readonly writer: ParquetWriter,
  ) {}

  /** @param dir the export's directory, in which its temporary files are. */
  static async create(dir: string): Promise<ParquetFile> {
    const zstd = await loadZstd()
    const folder = path.join(dir, temporaryDir)
    await mkdir(folder, { recursive: true })
    const temporary = path.join(folder, `${randomBytes(8).toString('hex')}${ending}`)
    const handle = await open(temporary, 'wx')
    const sink = new ByteWriter()
    const writer = new ParquetWriter({
      writer: sink,
      schema,
      codec: 'ZSTD',
      compressors: { ZSTD: (bytes) => zstd.compress(bytes) },
      createdBy: 'hoptrace',
    })
    return new ParquetFile(temporary, handle, sink, writer)
  }

  /** Writes a row group. Hops are in the order of their ids, also over several groups. */
  async write(hops: readonly HopJson[]): Promise<void> {
    if (this.rows === 0) this.first = hops[0]?.hopId ?? ''
    this.last = hops.at(-1)?.hopId ?? ''
    await this.writer.write({ columnData: columnData(hops), rowGroupSize: hops.length })
    this.rows += hops.length
    await this.drain()
  }

  /** Completes the file, and gives it its name in the directory of its partition. */
  async finish(partition: string): Promise<void> {
    await this.writer.finish()
    await this.drain()
    await this.handle.sync()
    await this.handle.close()
    await mkdir(partition, { recursive: true })
    const final = path.join(partition, fileName(this.first, this.last))
    // Not a rename, which would replace a file of another export that writes here at the same time.
    await link(this.temporary, final)
    await rm(this.temporary)
    await syncDir(partition)
  }

  async discard(): Promise<void> {
    await this.handle.close().catch(() => undefined)
    await rm(this.temporary, { force: true }).catch(() => undefined)
  }

  private async drain(): Promise<void> {
    const bytes = new Uint8Array(this.sink.buffer, 0, this.sink.index)
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await this.handle.write(bytes, at)
      at += bytesWritten
    }
    this.bytes += bytes.length
    // The offset, which counts what was written before, remains.
    this.sink.index = 0
  }
}

/** Locks an export's directory, and makes it if it is missing. Rejects with `HOPTRACE_STORE_LOCKED` if another process has it. */
export async function lockExport(dir: string): Promise<DirLock> {
  for (;;) {
    await mkdir(path.join(dir, temporaryDir), { recursive: true })
    try {
      return await lockDir({ dir, name: temporaryDir })
    } catch (error) {
      // An export that ended has removed the directory.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

/** Removes the temporary files of exports that were killed. */
export async function removeAbandoned(dir: string): Promise<void> {
  const folder = path.join(dir, temporaryDir)
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((one) => one.endsWith(ending))) {
    const file = path.join(folder, name)
    const at = await stat(file).catch(() => undefined)
    if (at !== undefined && at.mtimeMs < Date.now() - abandonedMillis) await rm(file, { force: true })
  }
  // It stays while another export writes.
  await rmdir(folder).catch(() => undefined)
}

/** So that the new name is on the disk as well. */
async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
