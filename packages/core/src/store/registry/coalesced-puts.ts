import { runName, type InstanceRow, type Registry } from '../../record/instance-row.js'

interface Slot {
  running: Promise<void>
  next: { row: InstanceRow; readonly done: Promise<void> } | undefined
}

/**
 * Puts to one registry, one at a time for each run: rows that come while one is on its way wait, and of
 * several only the newest is written. So a registry that hangs holds one row of a run and not a queue of
 * them.
 */
export class CoalescedPuts {
  private readonly slots = new Map<string, Slot>()

  constructor(private readonly registry: Registry) {}

  /** Resolves when this row, or a newer one of the same run, is written. */
  put(row: InstanceRow): Promise<void> {
    const key = runName(row)
    const slot = this.slots.get(key)
    if (slot === undefined) return this.start(key, row)
    if (slot.next !== undefined) slot.next.row = row
    else {
      const done = slot.running.catch(() => undefined).then(() => this.start(key, slot.next?.row ?? row))
      slot.next = { row, done }
    }
    return slot.next.done
  }

  /** Resolves when no put is pending. */
  async settled(): Promise<void> {
    while (this.slots.size > 0) {
      await Promise.allSettled([...this.slots.values()].map(({ next, running }) => next?.done ?? running))
    }
  }

  private start(key: string, row: InstanceRow): Promise<void> {
    const slot: Slot = { running: this.registry.put(row), next: undefined }
    this.slots.set(key, slot)
    const forget = (): void => {
      if (this.slots.get(key) === slot && slot.next === undefined) this.slots.delete(key)
    }
    slot.running.then(forget, forget)
    return slot.running
  }
}
