// An application that knows nothing of hoptrace, as an ES module: `node app.fixture.mjs [way]` writes the port of its server.
import { fork, spawnSync } from 'node:child_process'
import { createServer, get } from 'node:http'
import { fileURLToPath } from 'node:url'
import { isMainThread, Worker } from 'node:worker_threads'

const way = process.argv[2] ?? 'plain'
const url = () => `http://127.0.0.1:${server.address().port}`

const server = createServer(async (req, res) => {
  if (req.url === '/leaf') return res.end('leaf')
  const texts = [await (await fetch(`${url()}/leaf`)).text(), await gotten(`${url()}/leaf`)]
  res.end(texts.join(' '))
})

function gotten(from) {
  return new Promise((resolve, reject) => {
    get(from, async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve(text)
    }).on('error', reject)
  })
}

if (way === 'thread' && isMainThread) new Worker(new URL(import.meta.url), { argv: ['thread'] })
else if (way === 'child') fork(fileURLToPath(import.meta.url), ['plain'])
else {
  // A process that serves nothing inherits the hook as well.
  if (way === 'tool') spawnSync(process.execPath, ['-e', '0'], { stdio: 'inherit' })
  // It ends with the process that forked it.
  if (process.connected) process.once('disconnect', () => process.exit())
  if (way === 'signals') {
    process.on('SIGTERM', () => server.close(() => process.exit(7)))
  }
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
}
