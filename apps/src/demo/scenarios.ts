import type { ServiceName } from '../chain/services.js'
import { placeOrder, someOrder } from '../chain/shop.js'
import type { Order } from '../services/order.js'
import { ask } from './ask.js'
import type { Caused, Expectation, Scenario, Stage } from './scenario.js'

/** What is to be said of an order that went well. */
export const COMPLETED: Expectation = {
  verdict: 'completed',
  hops: ['gateway', 'orders', 'payments', 'inventory', 'notify'],
  events: [
    ['gateway', 'order.received'],
    ['orders', 'order.accepted'],
    ['notify', 'mail.sent'],
    ['payments', 'payment.captured'],
    ['inventory', 'stock.reserved'],
  ],
}

/** One order of each kind, in the order in which the demo tells the story. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'completed',
    caused: 'an order like any other',
    expected: COMPLETED,
    cause: (stage) => order(stage),
  },
  {
    name: 'error deep down',
    caused: 'inventory throws: an article without a shelf',
    expected: {
      verdict: 'failed',
      endedAt: 'inventory',
      lastHealthy: 'payments',
      hops: ['gateway', 'orders', 'payments', 'inventory', 'notify'],
    },
    cause: (stage) => order(stage, { items: [{ sku: 'faulty', quantity: 1 }] }),
  },
  {
    name: 'killed while handling',
    caused: 'inventory gets SIGKILL while it picks the goods',
    expected: {
      verdict: 'died',
      endedAt: 'inventory',
      lastHealthy: 'payments',
      hops: ['gateway', 'orders', 'payments', 'notify'],
      maybe: 'inventory',
    },
    async cause(stage) {
      const caused = await order(stage, { items: [{ sku: 'crash', quantity: 1 }] })
      await stage.chain.ended('inventory')
      return caused
    },
  },
  {
    name: 'not listening',
    caused: 'the next order: inventory is still down',
    expected: {
      verdict: 'unreachable',
      endedAt: 'inventory',
      lastHealthy: 'payments',
      hops: ['gateway', 'orders', 'payments', 'notify'],
    },
    cause: (stage) => order(stage),
    async repair(stage) {
      await startAgain(stage, 'inventory')
    },
  },
  {
    name: 'killed after calling on',
    caused: 'payments gets SIGKILL after inventory reserved the stock',
    expected: {
      verdict: 'died',
      endedAt: 'payments',
      lastHealthy: 'orders',
      hops: ['gateway', 'orders', 'payments', 'inventory', 'notify'],
      events: [
        ['payments', 'payment.authorized'],
        ['inventory', 'stock.reserved'],
      ],
    },
    async cause(stage) {
      const caused = await order(stage, { card: '4000 0000 0000 dead' })
      await stage.chain.ended('payments')
      return caused
    },
    async repair(stage) {
      await startAgain(stage, 'payments')
    },
  },
  {
    name: 'hangs',
    caused: 'inventory answers nothing; payments waits 1.5 s',
    expected: {
      verdict: 'failed',
      endedAt: 'inventory',
      lastHealthy: 'payments',
      hops: ['gateway', 'orders', 'payments', 'inventory', 'notify'],
      afterTheEnd: ['failed', 'died', 'interrupted'],
    },
    cause: (stage) => order(stage, { items: [{ sku: 'hang', quantity: 1 }] }),
  },
  {
    name: 'still running',
    caused: 'inventory picks 20 pieces by hand, a second each',
    expected: {
      verdict: 'running',
      endedAt: 'inventory',
      hops: ['gateway', 'orders', 'payments', 'inventory', 'notify'],
      events: [['inventory', 'stock.picked']],
    },
    async cause(stage) {
      const id = stage.orderId()
      const slow = someOrder(id, { items: [{ sku: 'slow', quantity: 20 }], patienceMillis: 30_000 })
      // Do not wait: the demo ends before the order does. The demo asks about it last.
      placeOrder(stage.chain.entryUrl, slow).catch(() => undefined)
      stage.say(`order ${id} is on its way`)
      await new Promise((resolve) => setTimeout(resolve, 1300))
      return { orderId: id, subject: `orderId=${id}`, answer: 'no answer yet' }
    },
  },
]

/** Starts a service again, and places an order to see that all is well. */
async function startAgain(stage: Stage, name: ServiceName): Promise<void> {
  stage.say(`starting ${name} again, and placing an order to see that all is well`)
  await stage.chain.start(name)
  const { subject, answer } = await order(stage)
  if (answer !== '201') throw new Error(`${name} runs again, but the shop answers ${answer}`)
  const { wrong } = await ask(stage.where, subject, COMPLETED)
  if (wrong.length > 0)
    throw new Error(`${name} runs again, but of a good order it is said: ${wrong.join('; ')}`)
}

/** Places an order, and waits for the answer. */
export async function order(stage: Stage, more: Partial<Order> = {}): Promise<Caused> {
  const id = stage.orderId()
  const placed = await placeOrder(stage.chain.entryUrl, someOrder(id, more))
  return { orderId: id, subject: placed.traceId ?? `orderId=${id}`, answer: String(placed.status) }
}
