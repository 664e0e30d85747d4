// An application whose outgoing requests another library answers: it patches Node's client as well.
import http, { createServer } from 'node:http'
import nock from 'nock'

nock('http://stock.example').persist().get('/cups').reply(200, '4')
const server = createServer((req, res) => {
  http
    .get('http://stock.example/cups', (response) => response.pipe(res))
    .on('error', (error) => res.destroy(error))
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
