import { timing } from '../base/timing.js'
import type { EndpointRequest, EndpointResponse } from './endpoint.js'
import type { RunEndpoint, RunEndpointOptions } from './run-endpoint.js'

/**
 * A run's endpoint whose code is loaded with the first question, as most runs are never asked. Without a question it is loaded soon after the
 * start all the same: a release that replaces the files of a living process must not end its answers.
 */
export class LateEndpoint {
  private readonly timer: NodeJS.Timeout
  private loading: Promise<RunEndpoint> | undefined

  constructor(private readonly options: RunEndpointOptions) {
    this.timer = setTimeout(() => void this.loaded().catch(() => undefined), timing.loadAnswersMillis)
    this.timer.unref()
  }

  /** Rejects if the code cannot be loaded, as where no file can be opened; the next question tries again. */
  async handle(request: EndpointRequest, signal: AbortSignal): Promise<EndpointResponse> {
    const { live } = await this.loaded()
    return live.handle(request, signal)
  }

  async close(): Promise<void> {
    clearTimeout(this.timer)
    const endpoint = await this.loading?.catch(() => undefined)
    await endpoint?.close()
  }

  private loaded(): Promise<RunEndpoint> {
    this.loading ??= this.load().catch((error: unknown) => {
      this.loading = undefined
      throw error
    })
    return this.loading
  }

  private async load(): Promise<RunEndpoint> {
    const { RunEndpoint } = await import('./run-endpoint.js')
    return new RunEndpoint(this.options)
  }
}
