/** How a table is laid out; the instance's row in the registry says so. */
export interface StoreLayout {
  /** Salt buckets: 1-128. */
  readonly buckets: number
  readonly windowMillis: number
}
