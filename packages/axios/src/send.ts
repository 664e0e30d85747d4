import type { Tracer } from '@hoptrace/core'
import { Sending } from './sending.js'
import type { Config, Instance, Response } from './types.js'

/** Sends a request as the configuration says, and records it. `sender`: an instance without defaults, of the application's own axios. */
export async function sendTraced(tracer: Tracer, sender: Instance, config: Config): Promise<Response> {
  const sending = Sending.begin(tracer, config)
  if (sending === undefined) return deliver(sender, config)
  try {
    const response = await deliver(sender, config)
    sending.answered(response)
    return response
  } catch (error) {
    sending.failed(error)
    throw error
  } finally {
    sending.restore()
  }
}

/**
 * Has the request sent. A function sends it by itself. Only axios knows what a name means: an instance without defaults and
 * interceptors sends the request as it is. The headers that axios added on the way are kept on the given configuration.
 */
async function deliver(sender: Instance, config: Config): Promise<Response> {
  const { adapter } = config
  if (typeof adapter === 'function') return adapter(config)
  const given: Config = { ...config, transformRequest: [], transformResponse: [] }
  const keep = (sent: { config?: Config } | undefined): void => {
    if (sent?.config === undefined || sent.config === config) return
    config.headers = sent.config.headers
    sent.config = config
  }
  try {
    const response = await (sender._request?.(given) ?? sender.request(given))
    keep(response)
    return response
  } catch (error) {
    if (typeof error === 'object' && error !== null) {
      keep((error as { response?: Response }).response)
      keep(error)
    }
    throw error
  }
}
