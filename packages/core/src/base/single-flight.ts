/** Runs a task once at a time: calls while it runs share its result. */
export class SingleFlight<T> {
  private running: Promise<T> | undefined

  constructor(private readonly task: () => Promise<T>) {}

  run(): Promise<T> {
    this.running ??= this.task().finally(() => {
      this.running = undefined
    })
    return this.running
  }

  /** Resolves when the task that runs now, if any, has ended in any way. */
  async settled(): Promise<void> {
    await this.running?.catch(() => undefined)
  }
}
