/** A run's directory and its owner, as the log's writer needs to know them. */
export interface Ownership {
  /** Makes the run's directory and owns it, unless it does already. Throws what the file system throws. */
  claim(runDir: string): void
  /** Is this process the owner of the directory still? Throws what the file system throws. */
  held(): boolean
  /** Another process owns the directory: goes on in another one, by `relocate`. */
  moveOn(): void
}
