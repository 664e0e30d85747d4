import type { Socket } from 'node:net'
import { Kdc } from '@hoptrace/hbase-dev/kdc'
import { describeKerberos } from '@hoptrace/hbase-dev/suite'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fakeServer } from './fake-server.fixture.js'
import { createHBaseClient } from './index.js'

const impatient = { timeoutMillis: 1000, attemptTimeoutMillis: 400 }

/** A status, and texts or tokens with their lengths. */
function answer(status: number, ...parts: (string | Buffer)[]): Buffer {
  const words = parts.flatMap((part) => [int(Buffer.byteLength(part)), Buffer.from(part)])
  return Buffer.concat([int(status), ...words])
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

describeKerberos('a server that answers a ticket', () => {
  let kdc: Kdc
  beforeAll(async () => {
    kdc = await Kdc.start()
    Object.assign(process.env, kdc.env)
    await kdc.login(86_400)
  })
  afterAll(async () => {
    for (const name of Object.keys(kdc.env)) Reflect.deleteProperty(process.env, name)
    await kdc.stop()
  })

  /** The failure of a client whose server does something when it gets the first token. */
  const failure = async (react: (socket: Socket) => void): Promise<unknown> => {
    await using server = await fakeServer({ onData: (socket, data) => data.length > 6 && react(socket) })
    const servers = server.url.replace('127.0.0.1', 'localhost')
    await using client = createHBaseClient({ servers, kerberos: {}, ...impatient })
    return await client.admin.listTables().catch((error: unknown) => error)
  }
  const failureAfter = (bytes: Buffer): Promise<unknown> => failure((socket) => void socket.write(bytes))

  it.each([
    ['with nothing that is Kerberos', answer(0, 'a token'), 'KERBEROS', /Kerberos: .*token/i],
    ['by going on without', Buffer.concat([int(0), int(-88)]), 'KERBEROS', /which this client refuses/],
    [
      'by a refusal',
      answer(1, 'javax.security.sasl.SaslException', 'GSS initiate failed'),
      'ACCESS_DENIED',
      /SaslException: GSS initiate failed .*the server refuses this Kerberos ticket/,
    ],
    ['with a token of 2 GB', Buffer.concat([int(0), int(0x7fff_ffff)]), 'PROTOCOL', /2147483647 bytes/],
    ['with less than nothing', Buffer.concat([int(0), int(-1)]), 'PROTOCOL', /-1 bytes/],
    ['over HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'PROTOCOL', /not an HBase RPC port/],
  ])('%s gets no request', async (_, bytes, code, message) => {
    const error = await failureAfter(bytes)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string })
  })

  it('not at all, or by closing the connection, is TIMEOUT or UNREACHABLE', async () => {
    const silent = await failure(() => undefined)
    expect(silent).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('while Kerberos was asked') as string,
    })
    expect(await failure((socket) => socket.destroy())).toMatchObject({ code: 'UNREACHABLE' })
  })

  it('with any bytes gets an error, and nothing worse', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(0, 1), fc.uint8Array({ maxLength: 60 }), async (status, bytes) => {
        const error = await failure((socket) => void socket.end(Buffer.concat([int(status), bytes])))
        expect(error).toMatchObject({ name: 'HBaseError' })
      }),
      { numRuns: 10 },
    )
  })
})
