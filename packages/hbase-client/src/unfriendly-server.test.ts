import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { fakeServer, frame } from './fake-server.fixture.js'
import { createHBaseClient } from './index.js'
import { GetActiveMasterResponse, ResponseHeader } from './proto/hbase.js'
import { encode, encodeDelimited } from './proto/message.js'

const impatient = { timeoutMillis: 300, attemptTimeoutMillis: 100 }

async function failure(servers: string, options = {}): Promise<unknown> {
  await using client = createHBaseClient({ servers, ...impatient, ...options })
  return await client.admin.listTables().catch((error: unknown) => error)
}

const header = (callId: number) => encodeDelimited(ResponseHeader, { callId })

describe('a misbehaving server', () => {
  it('is UNREACHABLE on a closed port', async () => {
    const { url } = await (async () => {
      await using gone = await fakeServer({})
      return gone
    })()
    const error = await failure(url)
    expect(error).toMatchObject({ code: 'UNREACHABLE', recovery: 'later' })
    expect(String(error)).toContain('ECONNREFUSED')
  })

  it('is reported as no HBase if it speaks HTTP', async () => {
    const server = createServer((_, response) => void response.end('hello')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const error = await failure(`hbase://127.0.0.1:${(server.address() as AddressInfo).port}`)
    server.close()
    expect(error).toMatchObject({ code: 'PROTOCOL' })
    expect(String(error)).toContain('not an HBase RPC port, it answered "HTTP/1.1 400 Bad Request')
  })

  it('gives TIMEOUT if it never answers', async () => {
    await using silent = await fakeServer({})
    expect(await failure(silent.url)).toMatchObject({ code: 'TIMEOUT' })
  })

  it('is asked on a new connection for each attempt', async () => {
    await using silent = await fakeServer({})
    const client = createHBaseClient({ servers: silent.url, ...impatient, timeoutMillis: 600_000 })
    const asked = client.admin.listTables().catch((error: unknown) => error)
    await expect.poll(() => silent.connections).toBeGreaterThan(1)
    await client.close()
    expect(await asked).toMatchObject({ code: 'CLOSED' })
  })

  it('gives TIMEOUT if it stops in the middle of a frame', async () => {
    await using half = await fakeServer({
      onConnection: (socket) => void socket.write(frame(Buffer.alloc(1000)).subarray(0, 500)),
    })
    expect(await failure(half.url)).toMatchObject({ code: 'TIMEOUT' })
  })

  it('is UNREACHABLE if it closes or resets every connection', async () => {
    for (const end of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
      await using closing = await fakeServer({ onConnection: end })
      expect(await failure(closing.url)).toMatchObject({ code: 'UNREACHABLE' })
    }
  })

  it('cannot make the client hold more than maxResponseBytes', async () => {
    await using boasting = await fakeServer({
      onData: (socket) => void socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff, 1])),
    })
    expect(await failure(boasting.url)).toMatchObject({ code: 'PROTOCOL' })
    await using large = await fakeServer({
      onData: (socket) => void socket.write(frame(Buffer.alloc(2000, 1))),
    })
    expect(await failure(large.url, { maxResponseBytes: 1000 })).toMatchObject({ code: 'PROTOCOL' })
  })

  it('gives a typed error for any bytes at all', async () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 60 })
    const reply = fc.oneof(
      bytes.map((garbage) => Buffer.from(garbage)),
      bytes.map((garbage) => frame(garbage)),
      bytes.map((garbage) => frame(header(1), garbage)),
      fc.constant(frame(header(1))),
    )
    await fc.assert(
      fc.asyncProperty(reply, async (answer) => {
        await using garbled = await fakeServer({ onConnection: (socket) => void socket.end(answer) })
        expect(await failure(garbled.url, { timeoutMillis: 40 })).toMatchObject({
          code: expect.stringMatching(/^(PROTOCOL|UNREACHABLE|TIMEOUT|REMOTE)$/) as unknown,
        })
      }),
      { numRuns: 100 },
    )
  })

  it('can answer slowly, byte by byte', async () => {
    const serverName = { hostName: '127.0.0.1', port: 1 }
    const message = { serverName }
    const answer = frame(header(1), encodeDelimited(GetActiveMasterResponse, message))
    await using slow = await fakeServer({
      onConnection: (socket) => {
        let sent = 0
        const timer = setInterval(() => void socket.write(answer.subarray(sent, ++sent)), 1)
        socket.once('close', () => clearInterval(timer))
        socket.setNoDelay()
        if (sent === answer.length) clearInterval(timer)
      },
    })
    // The answer names a master that does not listen. An error with that master proves that the client read
    // the answer.
    expect(String(await failure(slow.url, { timeoutMillis: 2000, attemptTimeoutMillis: 1000 }))).toContain(
      '127.0.0.1:1:',
    )
  })

  it('is skipped if another server answers', async () => {
    await using silent = await fakeServer({})
    const serverName = { hostName: '127.0.0.1', port: 1 }
    const message = { serverName }
    const answer = frame(
      header(1),
      Buffer.from([encode(GetActiveMasterResponse, message).length]),
      encode(GetActiveMasterResponse, message),
    )
    await using good = await fakeServer({ onData: (socket) => void socket.write(answer) })
    const servers = `${silent.url},${good.url.slice('hbase://'.length)}`
    expect(String(await failure(servers, { timeoutMillis: 1000 }))).toContain('127.0.0.1:1:')
    // Only a server that is asked in parallel with the silent one answers within this time.
    const patient = { timeoutMillis: 4000, attemptTimeoutMillis: 60_000 }
    expect(String(await failure(servers, patient))).toContain('127.0.0.1:1:')
  })
})

describe('a client', () => {
  it('refuses invalid options', () => {
    for (const servers of [
      '',
      'http://a:1',
      'hbase://',
      'hbase://host',
      'hbase://host:0',
      'hbase://host:65536',
      'hbase://a:1,',
    ]) {
      expect(() => createHBaseClient({ servers }), servers).toThrow(TypeError)
    }
    for (const timeoutMillis of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => createHBaseClient({ servers: 'hbase://a:1', timeoutMillis })).toThrow(TypeError)
    }
    expect(() => createHBaseClient({ servers: 'hbase://[::1]:16000,b:1/' })).not.toThrow()
  })

  it('closes more than once, and rejects later calls', async () => {
    const client = createHBaseClient({ servers: 'hbase://127.0.0.1:1' })
    await client.close()
    await client.close()
    await expect(client.admin.listTables()).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
