import { createTracer } from '@hoptrace/core'
import { hoptrace } from '@hoptrace/express'
import { setTimeout as sleep } from 'node:timers/promises'
import express from 'express'
import { serveUntilStopped } from '../lifecycle.js'
import { consumeMails, type Mail } from '../mails.js'
import { brokerOf, readSettings } from '../settings.js'

const { port, ...settings } = readSettings()
const tracer = createTracer({ service: 'notify', ...settings })

const app = express()
app.use(hoptrace(tracer))
app.use(express.json())

app.post('/mails', (req, res) => {
  const { to, template } = req.body as Mail
  tracer.hop?.event('mail.sent', { to, template })
  res.status(202).json({ queued: true })
})

const broker = brokerOf()
if (broker !== undefined) {
  await consumeMails(broker, tracer, async ({ to, template, attachments }, heartbeat) => {
    for (let attached = 0; attached < attachments; attached++) {
      tracer.hop?.event('mail.attachment', { attached })
      await sleep(1000)
      await heartbeat()
    }
    tracer.hop?.event('mail.sent', { to, template })
  })
}

const server = app.listen(port, '127.0.0.1', () => {
  serveUntilStopped(port, tracer, async () => {
    server.close()
    server.closeAllConnections()
  })
})
