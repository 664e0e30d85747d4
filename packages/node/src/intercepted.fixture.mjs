// An application whose outgoing requests msw's interceptors answer, of `node:http` and of `fetch`, and some of which they let through.
import http, { createServer } from 'node:http'
import { BatchInterceptor } from '@mswjs/interceptors'
import interceptors from '@mswjs/interceptors/presets/node'

const batch = new BatchInterceptor({ name: 'batch', interceptors })
batch.apply()
batch.on('request', ({ request, controller }) => {
  if (new URL(request.url).hostname === 'stock.example') controller.respondWith(new Response('4'))
})

function gotten(from) {
  return new Promise((resolve, reject) => {
    http
      .get(from, async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        resolve(text)
      })
      .on('error', reject)
  })
}

const server = createServer(async (req, res) => {
  if (req.url === '/leaf') return res.end('leaf')
  const leaf = `http://127.0.0.1:${server.address().port}/leaf`
  const texts = []
  for (const from of ['http://stock.example/cups', leaf])
    texts.push(await (await fetch(from)).text(), await gotten(from))
  res.end(texts.join(' '))
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
