/**
 * Server-sent events, with a comment after each pause of this length. `leave` ends the source of the
 * messages.
 */
export async function* beating(
  messages: AsyncGenerator<string, void, undefined>,
  beatMillis: number,
  leave: () => void,
): AsyncGenerator<string, void, undefined> {
  let next = messages.next()
  try {
    for (;;) {
      const got = await orBeat(next, beatMillis)
      if (got === undefined) {
        yield ': \n\n'
        continue
      }
      if (got.done === true) return
      yield got.value
      next = messages.next()
    }
  } finally {
    next.catch(() => undefined)
    leave()
    await messages.return().catch(() => undefined)
  }
}

/** What a task gives, or undefined when it has given nothing in this time. */
export async function orBeat<T>(task: Promise<T>, millis: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const beat = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, millis, undefined)
  })
  try {
    return await Promise.race([task, beat])
  } finally {
    clearTimeout(timer)
  }
}
