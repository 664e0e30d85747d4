import http from 'node:http'
import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { foreignContext } from '../adapter/kit-tracer.js'
import { itWhere } from '../client/where.js'
import { startTraced } from './running.js'
import { signal } from './signal.js'
import type { KitExchange, ServerSubject } from './subject.js'

/** Callers that disconnect. */
export function testAborts(subject: ServerSubject): void {
  const { nodeObjects = true, framework = true, connection = true, handled } = subject.supports
  const route = (template: string): string | null => (framework ? template : null)
  describe('a caller that disconnects', () => {
    itWhere(connection, 'leaves an aborted hop that closes with the status of its handler', async () => {
      const [gate, entered] = [signal(), signal()]
      await using traced = await startTraced(subject, {
        hooks: { gate: gate.promise, entered: entered.resolve },
      })
      const { traceId, headers } = foreignContext()
      const sent = http.request({
        host: '127.0.0.1',
        port: traced.port,
        path: '/held',
        headers,
        agent: false,
      })
      sent.on('error', () => undefined)
      sent.end()
      await entered.promise
      const before = await traced.kit.records()
      expect(before.every((record) => record.state === 'open')).toBe(true)
      const closed = new Promise((resolve) => sent.on('close', resolve))
      sent.destroy()
      await closed
      await traced.send({ path: '/items/1' })
      gate.resolve()
      const record = await traced.kit.eventually((hop) => hop.traceId === traceId && hop.state === 'closed')
      expect(record).toMatchObject({ aborted: true, route: route('/held'), status: 200, error: null })
      expect((await traced.send({ path: '/items/1' })).status).toBe(200)
    })

    if (handled && nodeObjects)
      it('leaves a hop that closes when its handler is through without an answer', async () => {
        const [gate, entered] = [signal(), signal()]
        await using traced = await startTraced(subject, {
          hooks: { gate: gate.promise, entered: entered.resolve },
        })
        const { traceId, headers } = foreignContext()
        const sent = http.get({ host: '127.0.0.1', port: traced.port, path: '/mute', headers, agent: false })
        sent.on('error', () => undefined)
        await entered.promise
        const closed = new Promise((resolve) => sent.on('close', resolve))
        sent.destroy()
        await closed
        await traced.send({ path: '/items/1' })
        gate.resolve()
        const record = await traced.kit.eventually((hop) => hop.traceId === traceId && hop.state === 'closed')
        expect(record).toMatchObject({ aborted: true, route: '/mute', error: null })
        // A hop whose handler never says that it is through is closed 30 s after its caller went away.
        expect(record.durationMicros).toBeLessThan(30_000_000)
      })

    it('in the middle of a streamed answer leaves an aborted hop with the status that was sent', async () => {
      await using traced = await startTraced(subject)
      const { traceId, headers } = foreignContext()
      const sent = http.get({ host: '127.0.0.1', port: traced.port, path: '/endless', headers, agent: false })
      sent.on('error', () => undefined)
      sent.on('response', (response) => response.once('data', () => sent.destroy()))
      const record = await traced.kit.eventually((hop) => hop.traceId === traceId && hop.state === 'closed')
      expect(record).toMatchObject({ aborted: true, route: route('/endless'), status: 200 })
      expect((await traced.send({ path: '/items/1' })).status).toBe(200)
    })

    if (nodeObjects)
      it.each<[string, (exchange: KitExchange) => void]>([
        ['res.destroy()', ({ res }) => void res.destroy()],
        ['res.destroy(error)', ({ res }) => void res.destroy(new Error('enough'))],
        ['req.destroy()', ({ req }) => void req.destroy()],
        ['req.destroy(error)', ({ req }) => void req.destroy(new Error('enough'))],
        ['req.socket.destroy()', ({ req }) => void req.socket.destroy()],
      ])('because of %s leaves a hop that is closed, without a status', async (name, leave) => {
        await using traced = await startTraced(subject, { hooks: { byHand: leave } })
        const { traceId, headers } = foreignContext()
        await expect(traced.send({ path: '/by-hand', headers })).rejects.toThrow()
        const record = await traced.kit.eventually((hop) => hop.traceId === traceId && hop.state === 'closed')
        expect(record).toMatchObject({ aborted: true, status: null, route: '/by-hand' })
        // A framework may take the error of a request for its handler's, as Koa does.
        const possible = { 'res.destroy(error)': ['enough'], 'req.destroy(error)': ['enough', undefined] }[
          name
        ]
        expect(possible ?? [undefined]).toContain(record.error?.message)
      })

    itWhere(
      connection,
      'in the middle of its body leaves a closed hop and a server that goes on',
      async () => {
        await using traced = await startTraced(subject)
        const { traceId, headers } = foreignContext()
        const socket = net.connect(traced.port, '127.0.0.1')
        socket.on('error', () => undefined)
        socket.write(
          `POST /echo HTTP/1.1\r\nhost: kit\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n` +
            `traceparent: ${headers.traceparent}\r\n\r\n{"a":`,
        )
        await traced.send({ path: '/items/1' })
        socket.destroy()
        const record = await traced.kit.eventually((hop) => hop.traceId === traceId && hop.state === 'closed')
        expect(record.aborted).toBe(true)
        expect((await traced.send({ path: '/items/1' })).status).toBe(200)
      },
    )
  })
}
