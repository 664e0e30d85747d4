import { describe, expect, it } from 'vitest'
import { fakeServer, frame } from '../fake-server.fixture.js'
import { createHBaseClient } from '../index.js'
import { ResponseHeader } from '../proto/hbase.js'
import { encodeDelimited } from '../proto/message.js'

/**
 * The error of listing tables if the server answers call `callId` (the first has number 1) with this
 * exception.
 */
async function listTables(
  callId: number,
  exceptionClassName: string,
  stackTrace: string,
  doNotRetry = false,
) {
  const header = {
    callId,
    exception: { exceptionClassName, stackTrace, doNotRetry },
  }
  const answer = frame(encodeDelimited(ResponseHeader, header))
  await using server = await fakeServer({ onConnection: (socket) => void socket.write(answer) })
  await using client = createHBaseClient({ servers: server.url, timeoutMillis: 200 })
  return await client.admin.listTables().catch((error: unknown) => error)
}

describe('the exceptions of a server', () => {
  it('become errors with a code, the first line of their text, and their class', async () => {
    const className = 'org.apache.hadoop.hbase.TableNotFoundException'
    const error = await listTables(1, className, `${className}: no such table\n\tat somewhere`)
    expect(error).toMatchObject({ code: 'TABLE_NOT_FOUND', recovery: 'none', exceptionClass: className })
    expect(String(error)).toMatch(/^HBaseError: 127\.0\.0\.1:\d+: TableNotFoundException: no such table$/)
  })

  it('end all calls of a connection if they refuse the connection', async () => {
    const className = 'org.apache.hadoop.hbase.security.AccessDeniedException'
    const error = await listTables(0xffff_ffff, className, 'Authentication is required')
    expect(error).toMatchObject({ code: 'ACCESS_DENIED', recovery: 'none' })
  })

  it('are REMOTE at once if they are unknown and permanent, and retried if they may be temporary', async () => {
    expect(await listTables(1, 'x.NewException', 'never', true)).toMatchObject({
      code: 'REMOTE',
      recovery: 'none',
    })
    const passing = await listTables(1, 'x.NewException', 'not yet')
    expect(passing).toMatchObject({ code: 'TIMEOUT', recovery: 'later', exceptionClass: 'x.NewException' })
    expect(String(passing)).toContain('not yet')
    const refused = await listTables(1, 'java.lang.IllegalArgumentException', 'maxVersions must be positive')
    expect(refused).toMatchObject({ code: 'REMOTE', recovery: 'none' })
  })
})
