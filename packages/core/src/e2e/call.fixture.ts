import { get } from 'node:http'
import { beginOutbound, type Tracer } from '../index.js'

/**
 * Calls another service, recorded if there is a tracer; the status, or rejects with the connection's error.
 * `timeout`: milliseconds after which the caller leaves. @default it waits
 */
export function call(tracer: Tracer | undefined, url: string, timeout?: number): Promise<number> {
  const outbound = tracer === undefined ? undefined : beginOutbound(tracer, { method: 'GET', url })
  return new Promise((resolve, reject) => {
    const headers = { ...outbound?.headers }
    const options = { agent: false, headers, ...(timeout === undefined ? {} : { timeout }) }
    const request = get(url, options, (response) => {
      response.resume()
      response.once('end', () => {
        outbound?.answered(response.statusCode ?? 0, response.headers)
        resolve(response.statusCode ?? 0)
      })
      response.once('error', (error) => {
        outbound?.failed(error)
        reject(error)
      })
    })
    request.once('timeout', () =>
      request.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
    )
    request.once('error', (error) => {
      outbound?.failed(error)
      reject(error)
    })
  })
}
