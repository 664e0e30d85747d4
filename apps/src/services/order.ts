/** An order as the shop's services pass it on. */
export interface Order {
  readonly id: string
  readonly customer: string
  readonly items: readonly OrderItem[]
  /** Number of the card to charge. */
  readonly card: string
  /** How long the customer is willing to wait for the warehouse. Default 1500. */
  readonly patienceMillis?: number
  /** Attachments of the mail; each takes a second, if mails go by message. Default 0. */
  readonly attachments?: number
}

/** A quantity of one article. */
export interface OrderItem {
  readonly sku: string
  readonly quantity: number
}

/** Whether a request's body is an order that the shop can work on. */
export function isOrder(body: unknown): body is Order {
  if (typeof body !== 'object' || body === null) return false
  const { id, customer, items, card } = body as Record<string, unknown>
  return (
    typeof id === 'string' &&
    typeof customer === 'string' &&
    typeof card === 'string' &&
    Array.isArray(items) &&
    items.every((item: unknown) => {
      const { sku, quantity } = (item ?? {}) as Record<string, unknown>
      return typeof sku === 'string' && typeof quantity === 'number'
    })
  )
}
