import type { Order } from '../services/order.js'

/** How the shop answered an order. */
export interface Placed {
  readonly orderId: string
  readonly status: number
  readonly body: unknown
  /** The trace's id as `traceresponse` tells it to a caller from outside, or undefined when it does not. */
  readonly traceId: string | undefined
}

/**
 * Places an order as a customer's browser would: knowing nothing of traces. Rejects when the shop does not
 * answer.
 */
export async function placeOrder(entryUrl: string, order: Order, signal?: AbortSignal): Promise<Placed> {
  const response = await fetch(`${entryUrl}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
    ...(signal ? { signal } : {}),
  })
  const traceresponse = response.headers.get('traceresponse') ?? ''
  return {
    orderId: order.id,
    status: response.status,
    body: await response.json(),
    traceId: /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceresponse)?.[1],
  }
}

/** An order without trouble, changed by `more`. */
export function someOrder(id: string, more: Partial<Order> = {}): Order {
  return {
    id,
    customer: `customer-${id}`,
    items: [
      { sku: 'teapot', quantity: 1 },
      { sku: 'cup', quantity: 4 },
    ],
    card: '4242 4242 4242 4242',
    ...more,
  }
}

/** Places `amount` orders, `inFlight` at a time; `onPlaced` hears of each. */
export async function placeMany(
  entryUrl: string,
  amount: number,
  idOf: (index: number) => string,
  onPlaced: (placed: Placed, index: number) => void,
  inFlight = 8,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < amount; index = next++) {
      onPlaced(await placeOrder(entryUrl, someOrder(idOf(index))), index)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
}
