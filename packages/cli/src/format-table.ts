import { padEnd } from './format-text.js'

/** One cell: its text, and its paint, applied after padding. */
export interface Cell {
  readonly text: string
  readonly paint?: (text: string) => string
}

/**
 * Columns as wide as their widest cell, two spaces between; the last one is not padded. Widths are those of
 * the plain text, so colours shift nothing.
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
