import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Agent, ClientRequest, type IncomingMessage } from 'node:http'
import { headWith, notRecorded, TracerSet, wrapShared, type Tracer } from '@hoptrace/core'
import { Sending } from './sending.js'

/**
 * Makes this process record every outgoing request of `node:http` and `node:https` as a call of the current hop, whatever
 * library sends it; each retry and each redirect is a separate call. Outside a hop, requests leave untouched. A request that
 * another adapter records, or the application itself by `hop.call`, is not recorded a second time.
 */
export function traceHttp(tracer: Tracer): void {
  tracers.add(tracer)
}

/** Where a request keeps what is recorded of it. */
const sendingKey = Symbol('hoptrace.http')
type Request = ClientRequest & { [sendingKey]?: Sending }
type Method<This> = (this: This, ...args: unknown[]) => unknown

const tracers = new TracerSet(() => {
  wrapShared(Agent.prototype, 'addRequest', wrapAddRequest)
  wrapShared(ClientRequest.prototype, '_storeHeader', wrapStoreHeader)
  wrapShared(ClientRequest.prototype, 'destroy', wrapDestroy)
  // The names of the channels are in Node's documentation of `diagnostics_channel`.
  subscribe('http.client.response.finish', onResponse)
  subscribe('http.client.request.error', onError)
  return () => {
    unsubscribe('http.client.response.finish', onResponse)
    unsubscribe('http.client.request.error', onError)
  }
})

/** Only the agent gets the port from Node, and only now the request's hop is sure to be the current one. */
function wrapAddRequest(original: () => Method<Agent>): Method<Agent> {
  return function (...args) {
    const [request, options] = args
    if (request instanceof ClientRequest) sendingOf(request)?.dials(options)
    return original().apply(this, args)
  }
}

/** Every head passes here before anything of its request leaves. No channel of Node can add to it. */
function wrapStoreHeader(original: () => Method<Request>): Method<Request> {
  return function (...args) {
    let given = args
    const sending = sendingOf(this)
    try {
      const headers = sending?.begin(args[1])
      if (headers !== undefined) given = headWith(this, args, headers)
    } catch {
      // An application may have replaced what is asked for here.
      if (sending !== undefined) notRecorded(sending.tracer)
    }
    return original().apply(this, given)
  }
}

/** The application gives the request up. Node's error for it comes later, and is the one for a connection that the other side ended. */
function wrapDestroy(original: () => Method<Request>): Method<Request> {
  return function (...args) {
    if (!this.destroyed) this[sendingKey]?.givenUp(args[0])
    return original().apply(this, args)
  }
}

function sendingOf(request: Request): Sending | undefined {
  const known = request[sendingKey]
  if (known !== undefined) return known
  const tracer = tracers.current
  if (tracer?.hop === undefined) return undefined
  return (request[sendingKey] = new Sending(tracer, tracer.hop, request))
}

function onResponse(message: unknown): void {
  const { request, response } = message as { readonly request: Request; readonly response: IncomingMessage }
  request[sendingKey]?.responded(response)
}

function onError(message: unknown): void {
  const { request, error } = message as { readonly request: Request; readonly error: unknown }
  request[sendingKey]?.failed(error)
}
