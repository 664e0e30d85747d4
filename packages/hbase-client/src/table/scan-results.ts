import { protocolError } from '../errors.js'
import { decodeCells, type Cell } from '../rpc/cell-block.js'
import { Row } from './row.js'
import type { DecodedScanResponse } from '../proto/hbase.js'
import { isSent } from '../proto/message.js'

/**
 * Whether there is more to read. If the server does not say, the answer is yes, because a wrong "no" would
 * hide rows.
 */
export function whatIsLeft(response: DecodedScanResponse): {
  moreResults: boolean
  moreResultsInRegion: boolean
} {
  return {
    moreResults: response.moreResults || !isSent(response, 'moreResults'),
    moreResultsInRegion: response.moreResultsInRegion || !isSent(response, 'moreResultsInRegion'),
  }
}

/** Combines the results of scan responses into whole rows; a large row may come in parts. */
export class RowAssembler {
  #part: Cell[] = []

  /** The rows that a response completes. */
  take(response: DecodedScanResponse, block: Buffer): Row[] {
    if (response.results.length > 0) throw protocolError('scan results outside of the cell block')
    const cells = decodeCells(block)
    const rows: Row[] = []
    let at = 0
    for (const [index, count] of response.cellsPerResult.entries()) {
      const result = cells.slice(at, at + count)
      const [first] = result
      if (result.length !== count) throw protocolError('a scan result without its cells')
      at += count
      if (!first) continue
      // If a part ended exactly with its row, only the next row shows that the row is complete.
      if (this.#part[0]?.row.equals(first.row) === false) rows.push(...this.finish())
      this.#part = this.#part.length > 0 ? [...this.#part, ...result] : result
      if (!response.partialFlagPerResult[index]) rows.push(...this.finish())
    }
    if (at !== cells.length) throw protocolError('cells without a scan result')
    return rows
  }

  /** The last row, if no row follows. */
  finish(): Row[] {
    const cells = this.#part
    this.#part = []
    return cells.length > 0 ? [new Row(cells)] : []
  }

  /** Drops an incomplete row; it will be read again from its beginning. */
  reset(): void {
    this.#part = []
  }
}
