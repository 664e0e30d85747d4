/** The ownership of a run's directory, as the log's writer needs it. */
export interface Ownership {
  /**
   * Makes the run's directory and takes ownership, unless this process has it already. Throws file system
   * errors.
   */
  claim(runDir: string): void
  /** Whether this process still owns the directory. Throws file system errors. */
  held(): boolean
  /** Another process owns the directory: continues in another one, by `relocate`. */
  moveOn(): void
}
