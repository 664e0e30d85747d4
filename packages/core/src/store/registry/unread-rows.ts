const most = 20

/** Why rows, or the logs of runs that have none, could not be read: the first twenty in words, the rest counted. */
export class UnreadRows {
  private readonly texts: string[] = []
  private count = 0

  /** `where` and `why` make a sentence: "registry/x.json" "is damaged". */
  add(where: string, why: string): void {
    if (++this.count <= most) this.texts.push(`${where} ${why}`)
  }

  /** The texts, bounded in number. */
  get all(): readonly string[] {
    const more = this.count - this.texts.length
    return more === 0 ? this.texts : [...this.texts, `and ${more} more`]
  }
}
