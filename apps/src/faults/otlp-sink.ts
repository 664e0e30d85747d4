import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Attribute {
  readonly key: string
  readonly value?: { readonly stringValue?: string }
}

interface Export {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly Attribute[] }
    readonly scopeSpans?: readonly {
      readonly spans?: readonly { readonly kind?: number; readonly attributes?: readonly Attribute[] }[]
    }[]
  }[]
}

/** Acts as a tracing back end that never fails. It keeps the request and the service of each server span. */
export interface OtlpSink {
  readonly url: string
  /** The services that exported a server span of a request. */
  servicesOf(request: string): ReadonlySet<string>
  close(): Promise<void>
}

const SERVER = 2

/** Opens a sink for OTLP over HTTP with JSON on loopback. */
export async function openOtlpSink(): Promise<OtlpSink> {
  const services = new Map<string, Set<string>>()
  const take = ({ resourceSpans = [] }: Export): void => {
    for (const { resource, scopeSpans = [] } of resourceSpans) {
      const service = valueOf(resource?.attributes, 'service.name')
      for (const span of scopeSpans.flatMap(({ spans = [] }) => spans)) {
        const request = span.kind === SERVER ? valueOf(span.attributes, 'request') : undefined
        if (request === undefined || service === undefined) continue
        services.set(request, (services.get(request) ?? new Set()).add(service))
      }
    }
  }
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      take(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Export)
      res.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    servicesOf: (request) => services.get(request) ?? new Set(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function valueOf(attributes: readonly Attribute[] | undefined, key: string): string | undefined {
  return attributes?.find((attribute) => attribute.key === key)?.value?.stringValue
}
