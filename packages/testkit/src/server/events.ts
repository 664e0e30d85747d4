import { pipeline, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { signal } from './signal.js'
import { startTraced, type TracedSubject } from './running.js'
import type { KitExchange, ServerSubject } from './subject.js'

/** Events of a request and of its response: Node emits them outside of the handler's context. */
export function testEvents(subject: ServerSubject): void {
  describe('the current hop', () => {
    /** Sends a request, with a body where the handler reads it, to a handler that says by `see` where it looked; gives what it saw. */
    async function seenBy(
      names: readonly string[],
      handle: (exchange: KitExchange, see: (name: string) => void) => void,
      isRead = true,
    ) {
      const seen = new Map<string, unknown>()
      const all = signal()
      let traced: TracedSubject | undefined
      const see = (name: string): void => {
        seen.set(name, traced?.kit.tracer.hop?.traceId)
        if (names.every((one) => seen.has(one))) all.resolve()
      }
      await using running = (traced = await startTraced(subject, {
        hooks: { byHand: (exchange) => handle(exchange, see) },
      }))
      const body = ['one ', 'two']
      const headers = { 'content-type': 'text/plain', 'transfer-encoding': 'chunked' }
      const { traceId } = await running.sendTraced({
        path: '/by-hand',
        ...(isRead ? { headers, body } : {}),
      })
      await all.promise
      return { seen: names.map((name) => seen.get(name)), expected: names.map(() => traceId) }
    }

    it('is there in the events of a body', async () => {
      const { seen, expected } = await seenBy(['data', 'end', 'close'], ({ req, res }, see) => {
        req.on('data', () => see('data'))
        req.on('close', () => see('close'))
        req.on('end', () => {
          see('end')
          res.end('ok')
        })
      })
      expect(seen).toEqual(expected)
    })

    it('is there behind a pipeline from the request', async () => {
      const { seen, expected } = await seenBy(['write', 'callback'], ({ req, res }, see) => {
        const write = (_chunk: unknown, _encoding: unknown, done: () => void): void => {
          see('write')
          setTimeout(done, 1)
        }
        pipeline(req, new Writable({ write }), () => {
          see('callback')
          res.end('ok')
        })
      })
      expect(seen).toEqual(expected)
    })

    it('is there when the response was sent', async () => {
      const { seen, expected } = await seenBy(
        ['finish', 'close'],
        ({ res }, see) => {
          res.on('finish', () => see('finish'))
          res.on('close', () => see('close'))
          res.end('ok')
        },
        false,
      )
      expect(seen).toEqual(expected)
    })

    it('is there for a response whose caller reads slowly', async () => {
      const { seen, expected } = await seenBy(
        ['drain'],
        ({ res }, see) => {
          res.once('drain', () => {
            see('drain')
            res.end()
          })
          res.write(Buffer.alloc(20_000_000))
        },
        false,
      )
      expect(seen).toEqual(expected)
    })
  })
}
