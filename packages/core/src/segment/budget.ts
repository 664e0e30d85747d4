import { badSegment } from '../record/damage.js'
import { maxNumbers, maxTextUnits } from './layout.js'

/** What reading one segment may still make: a few bytes can name a text or a column of zeros many times over. */
export class DecodeBudget {
  #numbers = maxNumbers
  #texts = maxTextUnits

  /** Decoded values of number columns. */
  numbers(count: number): void {
    if ((this.#numbers -= count) < 0) throw badSegment('it holds too much')
  }

  /** UTF-16 units of texts. */
  texts(units: number): void {
    if ((this.#texts -= units) < 0) throw badSegment('it holds too much text')
  }
}
