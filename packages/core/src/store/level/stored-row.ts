/** A row as a writer keeps it. */
export interface StoredRow {
  readonly key: Buffer
  /** When it was put: microseconds since the epoch, never the same for two puts of a writer. The latest of a key counts. */
  readonly stamp: number
  /** Null when the row was deleted. */
  readonly value: Buffer | null
}

/** Rows of one source in order of their keys, each key once. */
export interface Cursor {
  /** Undefined at the end. */
  readonly key: Buffer | undefined
  readonly stamp: number
  /** Reads the value of the row; null when it was deleted. */
  value(): Buffer | null
  next(): void
}

/** Something that rows are read from. `to` is exclusive. */
export interface RowSource {
  cursor(from: Uint8Array, to: Uint8Array): Cursor
}
