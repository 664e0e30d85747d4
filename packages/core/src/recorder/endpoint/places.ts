/** Limits concurrent work, in total and for each asker. */
export class Places {
  private taken = 0
  private readonly byAsker = new Map<string, number>()

  constructor(
    private readonly inAll: number,
    private readonly each: number,
  ) {}

  /** Takes a place: a function that gives it back, at most once. Undefined when there is none. */
  take(asker: string): (() => void) | undefined {
    const his = this.byAsker.get(asker) ?? 0
    // At most half of what the others leave, so that one asker never has all.
    const half = Math.ceil((this.inAll - this.taken + his) / 2)
    if (this.taken >= this.inAll || his >= Math.min(this.each, half)) return undefined
    this.taken++
    this.byAsker.set(asker, his + 1)
    let back = false
    return () => {
      if (back) return
      back = true
      this.taken--
      const left = (this.byAsker.get(asker) ?? 1) - 1
      if (left > 0) this.byAsker.set(asker, left)
      else this.byAsker.delete(asker)
    }
  }
}

/**
 * A body that releases its place when it was read to the end, and when its reader disconnects. If the reader
 * takes nothing for `idleMillis`, the body breaks off and releases its place.
 */
export function holding(
  body: AsyncIterable<string>,
  release: () => void,
  idleMillis: number,
): AsyncIterable<string> {
  const pieces = body[Symbol.asyncIterator]()
  let idle: NodeJS.Timeout | undefined
  let broken = false
  const leave = (): void => {
    clearTimeout(idle)
    release()
  }
  const wait = (): void => {
    idle = setTimeout(() => {
      broken = true
      release()
      // One that has not begun has nothing to end.
      void pieces.return?.().catch(() => undefined)
    }, idleMillis)
    idle.unref()
  }
  wait()
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        clearTimeout(idle)
        if (broken) throw new Error('the answer was not read for too long')
        try {
          const next = await pieces.next()
          if (next.done === true) leave()
          else wait()
          return next
        } catch (error) {
          leave()
          throw error
        }
      },
      return: async () => {
        leave()
        await pieces.return?.()
        return { done: true, value: undefined }
      },
    }),
  }
}
