import { toBuffer, type Bytes } from '../bytes.js'
import { checkFields } from '../check.js'
import type { Cell } from '../rpc/cell-block.js'

/** A row from a read: its key and its cells, sorted by family, qualifier and newest version first. */
export class Row {
  /** Never empty. All of one row. Views of the response: copy a value that you keep for long. */
  readonly cells: readonly Cell[]

  constructor(cells: readonly Cell[]) {
    this.cells = cells
  }

  /** The row key. */
  get row(): Buffer {
    const [first] = this.cells
    if (!first) throw new TypeError('a row without cells')
    return first.row
  }

  /** The newest value of a column, or undefined. Without arguments: the value of the first cell. */
  value(family?: Bytes, qualifier: Bytes = ''): Buffer | undefined {
    if (family === undefined) return this.cells[0]?.value
    const [f, q] = [toBuffer(family), toBuffer(qualifier)]
    return this.cells.find((cell) => cell.family.equals(f) && cell.qualifier.equals(q))?.value
  }
}

/** Columns to read: a family, with all or some of its qualifiers. */
export interface Column {
  readonly family: Bytes
  readonly qualifiers?: readonly Bytes[]
}

/** The protobuf form of columns. */
export function toColumns(columns: readonly Column[] = []): { family: Buffer; qualifier: Buffer[] }[] {
  return columns.map((column) => {
    checkFields('column', column, ['family', 'qualifiers'])
    const { family, qualifiers = [] } = column
    return { family: toBuffer(family), qualifier: qualifiers.map(toBuffer) }
  })
}
