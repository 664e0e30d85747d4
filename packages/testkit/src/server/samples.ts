import type { KitRequest } from '../adapter/exchange.js'
import type { ServerSupports } from './subject.js'

/** A request and the expected content of its record. */
export interface Sample extends KitRequest {
  readonly title: string
  /** The template, or null if no route answers. */
  readonly route: string | null
  readonly status: number
  /** The message of the recorded error. */
  readonly error?: string | RegExp
}

const json = { 'content-type': 'application/json' }

/** Requests that are sent with and without tracing. */
export function samples(supports: ServerSupports): Sample[] {
  const all: Sample[] = [
    { title: 'a JSON answer', path: '/items/7', route: '/items/:id', status: 200 },
    { title: 'a query', path: '/items/7?token=secret', route: '/items/:id', status: 200 },
    { title: 'an encoded parameter', path: '/items/a%2Fb', route: '/items/:id', status: 200 },
    { title: 'HEAD', method: 'HEAD', path: '/items/7', route: '/items/:id', status: 200 },
    {
      title: 'a body',
      method: 'POST',
      path: '/echo',
      headers: json,
      body: '{"a":[1]}',
      route: '/echo',
      status: 201,
    },
    {
      title: 'a large body',
      method: 'POST',
      path: '/echo',
      headers: json,
      body: JSON.stringify({ text: 'x'.repeat(50_000) }),
      route: '/echo',
      status: 201,
    },
    { title: '204', path: '/empty', route: '/empty', status: 204 },
    { title: '304', path: '/cached', route: '/cached', status: 304 },
    { title: 'a redirect', path: '/moved', route: '/moved', status: 302 },
    { title: 'a large answer', path: '/large', route: '/large', status: 200 },
    { title: 'a streamed answer', path: '/stream', route: '/stream', status: 200 },
    {
      title: 'a router under a parameter',
      path: '/tenants/acme/orders/42',
      route: '/tenants/:tenant/orders/:order',
      status: 200,
    },
    {
      title: 'a router under an encoded parameter',
      path: '/tenants/a%20b/orders/42',
      route: '/tenants/:tenant/orders/:order',
      status: 200,
    },
    { title: 'an unknown path', path: '/missing/7', route: null, status: 404 },
    {
      title: 'an error thrown',
      path: '/throws',
      route: '/throws',
      status: 500,
      error: 'thrown by a handler',
    },
  ]
  if (supports.framework !== false)
    all.push({
      title: 'an error with a status',
      path: '/teapot',
      route: '/teapot',
      status: 418,
      // The message of an error with a 4xx status may contain the client's input.
      error: '',
    })
  if (supports.nodeObjects !== false)
    all.push(
      { title: 'writeHead and trailers', path: '/raw', route: '/raw', status: 201 },
      { title: 'an answer from a callback', path: '/callback', route: '/callback', status: 200 },
    )
  if (supports.asyncErrors) {
    const error = 'rejected by a handler'
    all.push({ title: 'an error rejected', path: '/rejects', route: '/rejects', status: 500, error })
  }
  if (supports.passOn) {
    const error = 'passed on by a handler'
    all.push({ title: 'an error passed on', path: '/passes-on', route: '/passes-on', status: 500, error })
  }
  return supports.framework === false ? all.map((sample) => ({ ...sample, route: null })) : all
}
