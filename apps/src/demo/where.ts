/** Where to ask. */
export interface Where {
  readonly dataDir: string
  readonly store: string
}
