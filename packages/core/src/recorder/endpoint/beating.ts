import { orLate } from '../../base/deadline.js'

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
      const got = (await orLate(next, beatMillis))?.value
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
