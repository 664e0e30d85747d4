import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { makeCertificate } from '@hoptrace/servers-dev'
import { startHBase, type HBaseInstance } from '@hoptrace/hbase-dev'
import { describeRealHBase } from '@hoptrace/hbase-dev/suite'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { built } from '../../../dev/built.mjs'

const distrust = /the certificate of the server is not trusted .*NODE_EXTRA_CA_CERTS/

describeRealHBase('TLS', () => {
  let dir = ''
  let other = ''
  let hbase: HBaseInstance
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-tls-'))
    other = await mkdtemp(path.join(tmpdir(), 'hoptrace-tls-'))
    makeCertificate(dir)
    makeCertificate(other)
    hbase = await startHBase({ name: 'tls', tls: dir, rest: true })
  })
  afterAll(async () => {
    await hbase.wipe()
    await rm(dir, { recursive: true })
    await rm(other, { recursive: true })
  })

  /** Puts a row and reads it, in a process that trusts only one authority. */
  const putAndRead = (url: string, authority: string): Promise<{ stdout: string }> => {
    const program = built(new URL('../../../dev/servers/src/reader.fixture.ts', import.meta.url))
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: path.join(authority, 'ca.pem') }
    return promisify(execFile)(process.execPath, [program, url, 'makes'], { env })
  }

  it("the store over HBase's own RPC reads over TLS, and refuses a certificate of another authority", async () => {
    expect((await putAndRead(`${hbase.url}/rpc`, dir)).stdout).toBe('1 rows')
    await expect(putAndRead(`${hbase.url}/rpc`, other)).rejects.toThrow(distrust)
  })

  it('the store over a REST gateway reads over TLS, and refuses a certificate of another authority', async () => {
    const gateway = new URL(hbase.restUrl ?? '')
    const [key, cert] = await Promise.all(
      ['server.key', 'server.pem'].map((name) => readFile(path.join(dir, name))),
    )
    // As in front of many gateways: a proxy that ends TLS.
    const proxy = tls.createServer({ key, cert }, (socket) => {
      const behind = net.connect(Number(gateway.port), gateway.hostname)
      socket.pipe(behind).pipe(socket)
      socket.on('error', () => behind.destroy())
      behind.on('error', () => socket.destroy())
    })
    await new Promise<void>((resolve) => proxy.listen(0, 'localhost', resolve))
    onTestFinished(() => void proxy.close())
    const url = `hbase+https://localhost:${(proxy.address() as AddressInfo).port}/rest`
    expect((await putAndRead(url, dir)).stdout).toBe('1 rows')
    await expect(putAndRead(url, other)).rejects.toThrow(distrust)
  })
})
