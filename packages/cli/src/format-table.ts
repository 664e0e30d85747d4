import { padEnd } from './format-text.js'

/** One cell: what it says, and how it is painted once it is padded. */
export interface Cell {
  readonly text: string
  readonly paint?: (text: string) => string
}

/**
 * Columns as wide as their widest cell, two spaces between; the last one is not padded. Widths are of the plain text, so
 * colours do not shift anything.
 */
export function formatTable(rows: readonly (readonly Cell[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, Array.from(cell.text).length)
    })
  }
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const text = column === row.length - 1 ? cell.text : padEnd(cell.text, widths[column] ?? 0)
        return cell.paint ? cell.paint(text) : text
      })
      .join('  ')
      .trimEnd(),
  )
}
