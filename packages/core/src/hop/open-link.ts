/** A hop in a list, or the list's own two ends. */
export interface OpenLink {
  older: OpenLink | undefined
  newer: OpenLink | undefined
}
