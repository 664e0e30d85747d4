import { get } from 'node:http'
import { beginOutbound, type Tracer } from '../index.js'

/** Calls another service, recorded if there is a tracer; the status, or rejects with the connection's error. */
export function call(tracer: Tracer | undefined, url: string): Promise<number> {
  const outbound = tracer === undefined ? undefined : beginOutbound(tracer, { method: 'GET', url })
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, headers: { ...outbound?.headers } }, (response) => {
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
    request.once('error', (error) => {
      outbound?.failed(error)
      reject(error)
    })
  })
}
