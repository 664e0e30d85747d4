import { pause } from '../lifecycle.js'

/**
 * Takes the money from a card. The network's driver is native code: with one kind of card (`…dead`) it takes the whole
 * process down, as a segmentation fault would, without a word.
 */
export async function captureMoney(card: string, amountCents: number): Promise<void> {
  if (amountCents <= 0) throw new RangeError(`cannot capture ${amountCents} cents`)
  if (card.endsWith('dead')) {
    process.kill(process.pid, 'SIGKILL')
    await pause(60_000)
  }
}
