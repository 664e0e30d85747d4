import { setTimeout as sleep } from 'node:timers/promises'
import type { OrderItem } from '../order.js'

/** Thrown for articles that the warehouse has no shelf for. */
export class ShelfError extends Error {
  override readonly name = 'ShelfError'
}

/**
 * Picks the pieces of an item and resolves to the shelf that they came from; `onPiece` hears of each piece of
 * a slow one. Some articles are trouble: `faulty` has no shelf, `crash` takes the process down, `hang` jams
 * the picking robot for good, and `slow` is picked by hand, a piece a second.
 */
export async function pick(item: OrderItem, onPiece: (piece: number) => void): Promise<string> {
  switch (item.sku) {
    case 'crash':
      process.kill(process.pid, 'SIGKILL')
      return robotIsFree()
    case 'hang':
      return robotIsFree()
    case 'slow':
      for (let piece = 1; piece <= item.quantity; piece++) {
        await sleep(1000)
        onPiece(piece)
      }
  }
  return locate(item.sku)
}

function locate(sku: string): string {
  return shelfNumber(aisleOf(sku), sku)
}

function aisleOf(sku: string): string {
  return sku.slice(0, 1).toUpperCase()
}

function shelfNumber(aisle: string, sku: string): string {
  if (sku === 'faulty') throw new ShelfError(`no shelf for '${sku}' in aisle ${aisle}`)
  return `${aisle}${sku.length}`
}

/** The robot is jammed, so this never resolves. */
function robotIsFree(): Promise<string> {
  return new Promise(() => undefined)
}
