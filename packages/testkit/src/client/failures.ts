import { describe, expect, it } from 'vitest'
import { openKitTracer } from '../adapter/kit-tracer.js'
import { sendInHop } from './in-hop.js'
import { closedPort, startKitServer } from './server.js'
import type { ClientSubject } from './subject.js'
import { itWhere } from './where.js'

/** Calls without an answer. */
export function testFailures(subject: ClientSubject): void {
  describe('records a call', () => {
    it('to a closed port as ECONNREFUSED', async () => {
      await using kit = await openKitTracer()
      const port = await closedPort()
      const { calls, outcome } = await sendInHop(subject, kit, {
        method: 'GET',
        url: `http://127.0.0.1:${port}/`,
      })
      expect(outcome).toHaveProperty('error')
      expect(calls[0]).toMatchObject({ target: `127.0.0.1:${port}`, outcome: 'ECONNREFUSED', servedBy: null })
    })

    it('to an unknown name with the error of the name lookup', async () => {
      await using kit = await openKitTracer()
      const { calls } = await sendInHop(subject, kit, {
        method: 'GET',
        url: 'http://no-such-host.invalid:81/',
      })
      expect(calls[0]?.target).toBe('no-such-host.invalid:81')
      expect(calls[0]?.outcome).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/)
    })

    it('whose connection is reset as ECONNRESET', async () => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      const { calls } = await sendInHop(subject, kit, { method: 'GET', url: `${server.url}/reset` })
      expect(calls.map(({ outcome }) => outcome)).toEqual(['ECONNRESET'])
    })

    it('whose response breaks off as ECONNRESET', async () => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      const { calls, outcome } = await sendInHop(subject, kit, {
        method: 'GET',
        url: `${server.url}/broken-off`,
      })
      expect(outcome).toHaveProperty('error')
      expect(calls.map((call) => call.outcome)).toEqual(['ECONNRESET'])
    })

    itWhere(subject.supports.streaming, 'whose streamed response breaks off as ECONNRESET', async () => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      const request = { method: 'GET', url: `${server.url}/broken-off`, stream: true }
      const { calls, outcome } = await sendInHop(subject, kit, request)
      expect(outcome).toHaveProperty('error')
      expect(calls.map((call) => call.outcome)).toEqual(['ECONNRESET'])
    })

    itWhere(subject.supports.timeout, 'that timed out as ETIMEDOUT', async () => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      const request = { method: 'GET', url: `${server.url}/never`, timeoutMillis: 50 }
      const { calls } = await sendInHop(subject, kit, request)
      expect(calls.map(({ outcome }) => outcome)).toEqual(['ETIMEDOUT'])
    })

    it('that its caller cancelled as ERR_CANCELED', async () => {
      const abort = new AbortController()
      await using server = await startKitServer(async () => abort.abort())
      await using kit = await openKitTracer()
      const request = { method: 'GET', url: `${server.url}/never`, signal: abort.signal }
      const { calls } = await sendInHop(subject, kit, request)
      expect(calls.map(({ outcome }) => outcome)).toEqual(['ERR_CANCELED'])
    })
  })
}
