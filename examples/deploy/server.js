import { createServer } from 'node:http'

// Nothing here knows hoptrace: the files beside this one start it with the hook.
const next = process.env.ORDERS_URL ?? process.env.PAYMENTS_URL
const server = createServer(async (req, res) => {
  if (req.url === '/die') process.kill(process.pid, 'SIGKILL')
  try {
    const answer = next === undefined ? 'paid' : await (await fetch(next + req.url)).text()
    res.end(answer)
  } catch {
    res.writeHead(502).end()
  }
})
server.listen(Number(process.env.PORT ?? 3000), () => console.log(`listening on ${server.address().port}`))
process.once('SIGTERM', () => server.close())
