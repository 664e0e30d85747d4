const assert = require('node:assert/strict')
const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { createResolver, createTracer } = require('@hoptrace/core')
const { buildApp } = require('../src/app.js')

describe('notes', () => {
  let dataDir, tracer, server, url

  before((done) => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'example-koa-'))
    tracer = createTracer({ service: 'notes', dataDir })
    const app = buildApp(tracer)
    app.silent = true
    server = app.listen(0, '127.0.0.1', () => {
      url = `http://127.0.0.1:${server.address().port}`
      done()
    })
  })

  after(async () => {
    server.close()
    server.closeAllConnections()
    await tracer.close()
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('are written and read', async () => {
    assert.equal((await fetch(`${url}/notes/a?text=hello`, { method: 'PUT' })).status, 204)
    assert.deepEqual(await (await fetch(`${url}/notes/a`)).json(), { text: 'hello' })
    assert.equal((await fetch(`${url}/notes/b`)).status, 404)
  })

  it('can be asked about afterwards', async () => {
    await tracer.flush()
    const resolver = createResolver({ dir: dataDir })
    const { verdict, hops } = await resolver.resolve('noteId=a')
    await resolver.close()
    assert.equal(verdict, 'completed')
    assert.deepEqual(
      hops.map(({ method, route, status }) => [method, route, status]),
      [['PUT', '/notes/:id', 204]],
    )
  })
})
