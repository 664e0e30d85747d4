import { lstatSync } from 'node:fs'
import { timing } from '../base/timing.js'
import { pathOf, type Place } from './beneath.js'
import { stampOf } from './descriptor.js'
import { type Entry, listDir, listDirSync } from './list.js'

/**
 * The entries of a directory, listed again only when the directory has changed since. A listing counts as the last one once the
 * directory had been as it is for longer than the clock of a file system takes to turn: a later change then shows another time.
 */
export class StillList {
  private stamp = ''
  /** When the directory was first seen as it is, on the monotonic clock. */
  private seenAt = 0
  private isLast = false
  private entries: readonly Entry[] = []

  constructor(private readonly place: Place) {}

  /** What `listDirSync` gives. Throws as it does. */
  list(): readonly Entry[] {
    return this.last() ?? this.listAnew()
  }

  /** `list` where `last` has just given none. */
  listAnew(): readonly Entry[] {
    const isOld = this.isOld()
    this.entries = listDirSync(this.place)
    this.isLast = isOld
    return this.entries
  }

  /** What `listDir` gives. Rejects as it does. */
  async listLater(): Promise<readonly Entry[]> {
    const last = this.last()
    if (last !== undefined) return last
    // To look for a directory that was absent takes less time than the way through the thread pool.
    if (this.stamp === '') return this.listAnew()
    const isOld = this.isOld()
    const { stamp } = this
    const entries = await listDir(this.place)
    // Meanwhile another call may have seen another directory.
    if (stamp === this.stamp) {
      this.entries = entries
      this.isLast = isOld
    }
    return entries
  }

  /** What `list` gives, where the directory has not changed. Throws file system errors, but not where there is no such directory. */
  last(): readonly Entry[] | undefined {
    const stats = lstatSync(pathOf(this.place), { bigint: true, throwIfNoEntry: false })
    const stamp = stats === undefined ? '' : stampOf(stats)
    if (stamp !== this.stamp) {
      this.stamp = stamp
      this.seenAt = performance.now()
      this.isLast = false
    }
    return this.isLast ? this.entries : undefined
  }

  private isOld(): boolean {
    return this.stamp !== '' && performance.now() - this.seenAt >= timing.stillDirMillis
  }
}
