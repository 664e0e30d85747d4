const { createTracer } = require('@hoptrace/core')
const { buildApp } = require('./app.js')

const tracer = createTracer({ service: 'notes' })
const server = buildApp(tracer).listen(Number(process.env.PORT ?? 3000))
process.once('SIGTERM', () => server.close(() => void tracer.close()))
