// An application that knows nothing of hoptrace, as CommonJS, on Express.
const http = require('node:http')
const express = require('express')

const app = express()
app.get('/leaf', (req, res) => res.send('leaf'))
app.get('/orders/:id', (req, res) => {
  http.get(`http://127.0.0.1:${server.address().port}/leaf`, (response) => response.pipe(res))
})
const server = http.createServer(app).listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: server.address().port }))
})
