import { createServer, request, type IncomingHttpHeaders } from 'node:http'

// A third party. It answers with the headers that it got. With RELAY it passes the request on first, headers and all, to a service of
// those who called it, and hands that one's `hoptrace` header back as its own.

const { PORT = '3000', RELAY = '' } = process.env

const server = createServer((req, res) => {
  const answer = (theirs?: IncomingHttpHeaders): void => {
    const proof = theirs?.['hoptrace']
    res.writeHead(200, {
      'content-type': 'application/json',
      ...(typeof proof === 'string' ? { hoptrace: proof } : {}),
    })
    res.end(JSON.stringify({ seen: req.headers, proof }))
  }
  if (RELAY === '') return answer()
  const passed = request(`${RELAY}${req.url}`, { headers: req.headers }, (theirs) => {
    theirs.resume().once('end', () => answer(theirs.headers))
  })
  passed.once('error', () => answer()).end()
})
server.listen(Number(PORT), '0.0.0.0', () => process.send?.({ listening: PORT }))
process.on('SIGTERM', () => process.exit(0))
