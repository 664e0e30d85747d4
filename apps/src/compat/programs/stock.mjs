// The second service of the chain, with the hook for --import: it answers /ok with 200 and all else with 500.
import { createServer } from 'node:http'
import { tracer } from '@hoptrace/node'

const server = createServer((req, res) => {
  res.statusCode = req.url === '/ok' ? 200 : 500
  res.end('stock')
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
process.once('SIGTERM', () =>
  tracer()
    .close()
    .then(() => process.exit()),
)
