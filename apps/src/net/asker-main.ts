import { openResolver, type AskOptions } from '@hoptrace/cli'
import type { HopJson, Resolver } from '@hoptrace/core'
import { shipLogs } from '../chain/ship-logs.js'
import type { Orders } from './asker-protocol.js'

// Sends requests and asks questions on behalf of a test, as a process of some host: an order a message, an answer a message.

const orders: Orders = {
  async get(url) {
    const response = await fetch(url, { signal: AbortSignal.timeout(20_000) })
    const text = await response.text()
    const { status, headers } = response
    return { status, headers: Object.fromEntries(headers), body: parsed(text) }
  },
  async resolve(subject, where) {
    const warnings: string[] = []
    const result = await asking({ ...where, onWarning: (text) => warnings.push(text) }, (resolver) =>
      resolver.resolve(subject),
    )
    return { ...result, warnings }
  },
  find: (key, value, where) => asking(where, (resolver) => resolver.find({ key, value, limit: 50 })),
  range: (service, where) =>
    asking(where, async (resolver) => {
      const hops: HopJson[] = []
      try {
        for await (const hop of resolver.range({ service, from: 0 })) hops.push(hop)
        return { hops, missing: null }
      } catch (error) {
        return { hops, missing: (error as Error).message }
      }
    }),
  ship: (dataDir, stores) => shipLogs(dataDir, stores),
}

async function asking<T>(where: AskOptions, use: (resolver: Resolver) => Promise<T>): Promise<T> {
  const resolver = openResolver(where)
  try {
    return await use(resolver)
  } finally {
    await resolver.close()
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

interface Order {
  readonly id: number
  readonly what: keyof Orders
  readonly with: readonly unknown[]
}

process.on('message', ({ id, what, with: args }: Order) => {
  const order = orders[what] as (...given: readonly unknown[]) => Promise<unknown>
  order(...args).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  )
})
process.once('disconnect', () => process.exit(0))
process.send?.({ listening: 0 })
