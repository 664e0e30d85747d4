import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  sendEach,
  slowMillis,
  usage,
  withServer,
  type Framework,
  type Mode,
  type Surroundings,
} from './server-load.js'

/** The spans of kind SERVER and CLIENT that the sink received, and the events of orders. */
interface Counts {
  server: number
  client: number
  events: number
}

/** What servers of the bench need: the service that an order calls, and a sink for OpenTelemetry's spans. */
export class Around {
  /** Undefined while a server is measured: to count would take CPU from the load. */
  private counts: Counts | undefined

  private readonly sink = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      if (this.counts !== undefined) count(this.counts, Buffer.concat(chunks).toString('latin1'))
      res.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })

  private readonly callee = createServer((req, res) => {
    const answer = (): void =>
      void res.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')
    if (req.url === '/payment') setTimeout(answer, slowMillis)
    else answer()
  })

  /** The addresses of both, once they listen. */
  async listen(): Promise<Omit<Surroundings, 'work'>> {
    return { otlpUrl: `${await urlOf(this.sink)}/v1/traces`, calleeUrl: await urlOf(this.callee) }
  }

  close(): void {
    for (const server of [this.sink, this.callee]) {
      server.close()
      server.closeAllConnections()
    }
  }

  /**
   * Checks that a variant records a hundred requests with all that is in them. A variant that does not would
   * look fast.
   */
  async verify(
    framework: Framework,
    mode: Exclude<Mode, 'bare'>,
    surroundings: Surroundings,
    runtime: readonly string[],
  ): Promise<void> {
    const requests = 100
    const counts: Counts = { server: 0, client: 0, events: 0 }
    this.counts = counts
    const use: Parameters<typeof withServer>[3] = async (url, child) => {
      await sendEach(url, requests)
      return (await usage(child)).stats
    }
    const stats = await withServer(framework, mode, surroundings, use, runtime)
    this.counts = undefined
    const name = `${framework}, ${surroundings.work}, ${mode}`
    const isOrder = surroundings.work === 'order'
    if (mode === 'otel') {
      const expected: Counts = {
        server: requests,
        client: isOrder ? 2 * requests : 0,
        events: isOrder ? 3 * requests : 0,
      }
      if (JSON.stringify(counts) !== JSON.stringify(expected))
        throw new Error(`${name}: sent ${JSON.stringify(counts)} instead of ${JSON.stringify(expected)}`)
      return
    }
    const { appended, bytes } = stats as { appended: number; bytes: number }
    if (appended !== requests) throw new Error(`${name}: recorded ${appended} of ${requests}`)
    // An event of an order takes more than 20 bytes in the log, a call more than 40.
    if (isOrder && bytes < 200 * requests) throw new Error(`${name}: events or calls are missing`)
  }
}

function count(counts: Counts, spans: string): void {
  const times = (part: RegExp): number => spans.match(part)?.length ?? 0
  counts.server += times(/"kind":2/g)
  counts.client += times(/"kind":3/g)
  counts.events += times(/"name":"(?:order\.received|stock\.reserved|payment\.taken)"/g)
}

async function urlOf(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
