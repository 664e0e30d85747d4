import { createTracer } from '@hoptrace/core'
import { hoptrace } from '@hoptrace/express'
import express from 'express'
import { serveUntilStopped } from '../lifecycle.js'
import { readSettings } from '../settings.js'

const { port, ...settings } = readSettings()
const tracer = createTracer({ service: 'notify', ...settings })

const app = express()
app.use(hoptrace(tracer))
app.use(express.json())

app.post('/mails', (req, res) => {
  const { to, template } = req.body as { to: string; template: string }
  tracer.hop?.event('mail.sent', { to, template })
  res.status(202).json({ queued: true })
})

const server = app.listen(port, '127.0.0.1', () => {
  serveUntilStopped(port, tracer, async () => {
    server.close()
    server.closeAllConnections()
  })
})
