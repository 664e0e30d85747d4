import path from 'node:path'
import type { HopJson } from '@hoptrace/core'
import type { DirLock } from '@hoptrace/core/store'
import { weightOf } from './columns.js'
import { ExportedIds } from './exported-ids.js'
import { lockExport, ParquetFile, removeAbandoned } from './parquet-file.js'
import { partitionOf } from './partition.js'

/** What an export wrote. */
export interface FileCounts {
  readonly hops: number
  /** Hops that were there already. */
  readonly known: number
  readonly files: number
  readonly bytes: number
}

/** A row group has no more hops, and about no more bytes before they are encoded. */
const groupHops = 20_000
const groupWeight = 64 * 1024 * 1024
/** A file has no more hops: its ids are kept in memory when its time is exported again. */
const fileHops = 500_000

/**
 * Writes hops into Parquet files below a directory: `service=orders/hour=2026-11-29T10/<first id>_<last
 * id>.parquet`. A hop that is in one of its files already is passed over, so that an export that was interrupted
 * or repeated neither loses nor doubles one. One process at a time writes there: call `open` first. Memory is bounded by a row group and the ids of one file.
 */
export class HopFiles {
  private hops = 0
  private known = 0
  private files = 0
  private bytes = 0
  private partition: { readonly name: string; readonly exported: ExportedIds } | undefined
  private file: ParquetFile | undefined
  private group: HopJson[] = []
  private weight = 0
  private lock: DirLock | undefined

  constructor(private readonly dir: string) {}

  get counts(): FileCounts {
    const { hops, known, files, bytes } = this
    return { hops, known, files, bytes }
  }

  /** Keeps other processes of this host from writing into the directory, until `close`. Rejects with the pid of one that does. */
  open(): Promise<void> {
    return this.writing(async () => {
      this.lock ??= await lockExport(this.dir)
    })
  }

  /**
   * Adds a hop that has ended. Hops of one service have to come in the order of their ids, until `flush`. Rejects
   * if a file could not be written; `discard` then.
   */
  add(hop: HopJson): Promise<void> {
    return this.writing(() => this.added(hop))
  }

  /** Everything that was added is in files, which are on the disk, when it resolves. */
  flush(): Promise<void> {
    return this.writing(() => this.flushed())
  }

  /** Removes the file that is not complete. Its hops have to be added again. */
  async discard(): Promise<void> {
    await this.file?.discard()
    this.file = undefined
    this.partition = undefined
    this.group = []
    this.weight = 0
  }

  /** Removes what killed exports left, and needs no more. */
  async close(): Promise<void> {
    this.lock?.release()
    this.lock = undefined
    await removeAbandoned(this.dir)
  }

  private async added(hop: HopJson): Promise<void> {
    const name = partitionOf(hop.service, hop.hopId)
    if (this.partition?.name !== name) {
      await this.flushed()
      this.partition = { name, exported: await ExportedIds.in(path.join(this.dir, name)) }
    }
    if (await this.partition.exported.has(hop.hopId)) {
      this.known++
      return
    }
    this.group.push(hop)
    this.weight += weightOf(hop)
    if (this.group.length >= groupHops || this.weight >= groupWeight) await this.writeGroup()
    if ((this.file?.rows ?? 0) >= fileHops) await this.finishFile(name)
  }

  private async flushed(): Promise<void> {
    if (this.group.length > 0) await this.writeGroup()
    if (this.partition !== undefined) await this.finishFile(this.partition.name)
    this.partition = undefined
  }

  private async writeGroup(): Promise<void> {
    const { group } = this
    this.group = []
    this.weight = 0
    this.file ??= await ParquetFile.create(this.dir)
    await this.file.write(group)
  }

  private async finishFile(partition: string): Promise<void> {
    const { file } = this
    if (file === undefined) return
    await file.finish(path.join(this.dir, partition))
    this.file = undefined
    this.files++
    this.hops += file.rows
    this.bytes += file.bytes
  }

  private async writing(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === undefined) throw error
      if (code === 'HOPTRACE_STORE_LOCKED')
        throw new Error(
          `cannot write into ${this.dir}: ${message}; wait until it has ended, or name another directory`,
          { cause: error },
        )
      const reason = code === 'EEXIST' ? 'another export writes the same hops' : message
      throw new Error(
        `cannot write into ${this.dir}: ${reason}; its files are whole, and the same command continues once this is mended`,
        { cause: error },
      )
    }
  }
}
