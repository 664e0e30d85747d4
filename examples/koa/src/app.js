const Koa = require('koa')
const { Router } = require('@koa/router')
const { hoptrace } = require('@hoptrace/koa')

/** The application. `tracer`: of `createTracer`; it stays the caller's, who closes it. */
function buildApp(tracer, notes = new Map()) {
  const router = new Router({ prefix: '/notes' })
  router.get('/:id', (ctx) => {
    const note = notes.get(ctx.params.id)
    if (note === undefined) ctx.throw(404, 'there is no such note')
    ctx.body = note
  })
  router.put('/:id', (ctx) => {
    tracer.hop?.setKey('noteId', ctx.params.id)
    notes.set(ctx.params.id, { text: String(ctx.query.text ?? '') })
    tracer.hop?.event('note.written')
    ctx.status = 204
  })
  const app = new Koa()
  // First, so that every request has a hop.
  app.use(hoptrace(tracer))
  return app.use(router.routes()).use(router.allowedMethods())
}

module.exports = { buildApp }
