interface Waiting {
  readonly asker: string
  readonly go: () => void
}

/** Limits the questions in progress; the others wait, and askers take turns. */
export class Desks {
  private free: number
  private waiting: Waiting[] = []
  private readonly served = new Map<string, number>()

  constructor(desks: number) {
    this.free = desks
  }

  /** Resolves to a function that gives the desk back. Rejects when the asker goes before it has one. */
  take(asker: string, signal: AbortSignal): Promise<() => void> {
    if (this.free > 0) {
      this.free--
      return Promise.resolve(this.lent(asker))
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.waiting = this.waiting.filter((other) => other !== mine)
        reject(signal.reason as Error)
      }
      const mine: Waiting = {
        asker,
        go: () => {
          signal.removeEventListener('abort', leave)
          resolve(this.lent(asker))
        },
      }
      signal.addEventListener('abort', leave, { once: true })
      if (signal.aborted) return leave()
      this.waiting.push(mine)
    })
  }

  private lent(asker: string): () => void {
    this.served.set(asker, (this.served.get(asker) ?? 0) + 1)
    let back = false
    return () => {
      if (back) return
      back = true
      const left = (this.served.get(asker) ?? 1) - 1
      if (left > 0) this.served.set(asker, left)
      else this.served.delete(asker)
      this.next()
    }
  }

  /** The next turn: the asker with the fewest desks, and of these the one that waits longest. */
  private next(): void {
    let chosen: Waiting | undefined
    for (const one of this.waiting) {
      const has = this.served.get(one.asker) ?? 0
      if (chosen === undefined || has < (this.served.get(chosen.asker) ?? 0)) chosen = one
    }
    if (chosen === undefined) {
      this.free++
      return
    }
    this.waiting = this.waiting.filter((other) => other !== chosen)
    chosen.go()
  }
}
