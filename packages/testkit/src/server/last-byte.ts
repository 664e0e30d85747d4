import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { readRun } from '@hoptrace/core'
import { foreignContext, type KitTracer } from '../adapter/kit-tracer.js'

/**
 * Was the hop of a request closed in the log when its caller had the last byte of the answer? The caller is another thread, which
 * copies the log at that moment: in the thread of the server, the caller would read once everything is done.
 */
export async function closedAtLastByte(
  { port, kit }: { readonly port: number; readonly kit: Pick<KitTracer, 'dataDir'> },
  target: string,
): Promise<boolean> {
  const { traceId, headers } = foreignContext()
  const to = await mkdtemp(path.join(os.tmpdir(), 'hoptrace-kit-'))
  try {
    const head = `GET ${target} HTTP/1.1\r\nhost: kit\r\nconnection: close\r\ntraceparent: ${headers.traceparent}\r\n\r\n`
    const from = path.join(kit.dataDir, 'logs', 'kit')
    const caller = new Worker(callerSource, { eval: true, workerData: { port, head, from, to } })
    const [complete] = (await once(caller, 'message')) as [boolean]
    await caller.terminate()
    if (!complete) throw new Error(`${target} was answered without an end`)
    for (const run of await readdir(to)) {
      const { hops } = await readRun(path.join(to, run))
      const hop = hops.find((one) => one.traceId === traceId)
      if (hop !== undefined) return hop.state === 'closed'
    }
    return false
  } finally {
    await rm(to, { recursive: true, force: true })
  }
}

/** Runs in the thread; ends at the length that the head names, or at the last chunk. */
const callerSource = `
const { connect } = require('node:net')
const { cpSync } = require('node:fs')
const { parentPort, workerData: { port, head, from, to } } = require('node:worker_threads')
let got = Buffer.alloc(0)
const socket = connect(port, '127.0.0.1', () => socket.write(head))
socket.on('data', (chunk) => {
  got = Buffer.concat([got, chunk])
  const end = got.indexOf('\\r\\n\\r\\n')
  if (end < 0) return
  const length = /content-length: *(\\d+)/i.exec(got.toString('latin1', 0, end))
  const whole = length === null ? got.toString('latin1').endsWith('0\\r\\n\\r\\n') : got.length >= end + 4 + Number(length[1])
  if (whole) done(true)
})
socket.on('close', () => done(false))
let told = false
function done(complete) {
  if (told) return
  told = true
  if (complete) cpSync(from, to, { recursive: true, filter: (name) => !name.endsWith('.sock') })
  parentPort.postMessage(complete)
}
`
