import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** Did Node hand the socket of a request to the application? */
export const isUpgrade = (req: IncomingMessage): boolean =>
  (req as { readonly upgrade?: boolean | null }).upgrade === true

type Write = (this: Socket, ...args: unknown[]) => unknown
type Writer = Record<'write' | 'end', Write>

/**
 * A request that was upgraded is answered on its socket, past the response. `answering` is called before the first bytes
 * leave, with the status in them, or `undefined` where there is none. `closed`: the socket closed.
 */
export function observeSocket(
  socket: Socket,
  answering: (status: number | undefined) => void,
  closed: () => void,
): void {
  const writer = socket as unknown as Writer
  const undos: (() => void)[] = []
  const unwrap = (): void => {
    for (const undo of undos) undo()
  }
  for (const name of ['write', 'end'] as const) {
    const original = writer[name]
    const own = Object.hasOwn(socket, name)
    const wrapper: Write = function (...args) {
      unwrap()
      answering(statusIn(args[0]))
      return original.apply(this, args)
    }
    writer[name] = wrapper
    undos.push(() => {
      if (writer[name] !== wrapper) return
      if (own) writer[name] = original
      else Reflect.deleteProperty(socket, name)
    })
  }
  socket.once('close', closed)
}

const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})/

/** The status in the first line of an answer. */
function statusIn(chunk: unknown): number | undefined {
  const text = chunk instanceof Uint8Array ? Buffer.from(chunk.subarray(0, 12)).toString('latin1') : chunk
  const status = typeof text === 'string' ? STATUS_LINE.exec(text)?.[1] : undefined
  return status === undefined ? undefined : Number(status)
}
