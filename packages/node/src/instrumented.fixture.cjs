// An application that OpenTelemetry instruments as well. It answers with the kinds of the spans that have ended: 1 of a server, 2 of a client.
const { registerInstrumentations } = require('@opentelemetry/instrumentation')
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http')
const { InMemorySpanExporter, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base')
const { NodeTracerProvider } = require('@opentelemetry/sdk-trace-node')

const spans = new InMemorySpanExporter()
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }).register()
registerInstrumentations({ instrumentations: [new HttpInstrumentation()] })

const http = require('node:http')

const server = http.createServer((req, res) => {
  if (req.url === '/leaf') return res.end('leaf')
  if (req.url === '/spans') return res.end(JSON.stringify(spans.getFinishedSpans().map(({ kind }) => kind)))
  http.get(`http://127.0.0.1:${server.address().port}/leaf`, (response) => response.pipe(res))
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
