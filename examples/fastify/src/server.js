import { buildApp } from './app.js'

const app = await buildApp({ stockUrl: process.env.STOCK_URL ?? 'http://127.0.0.1:3001' })
await app.listen({ port: Number(process.env.PORT ?? 3000) })
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
