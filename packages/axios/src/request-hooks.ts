import type { Tracer } from '@hoptrace/core'
import { isNamedHttp } from './request.js'
import { Sending } from './sending.js'
import type { Config, Response, Transform } from './types.js'

/** Marks our transformations, which configurations may still have. A property, as a WeakSet costs garbage collection. */
const isOurs = Symbol('hoptrace.transform')

/**
 * Records one request that axios sends by Node's `http`, in axios's own pass over it: the last transformation of a request
 * runs directly before it leaves, the first one of a response directly after it came. A second pass through axios, as in
 * `send.ts`, costs some 50 µs more.
 */
export class RequestHooks {
  readonly #tracer: Tracer
  #sending: Sending | undefined
  #hasBegun = false
  #transformRequest: unknown
  #transformResponse: unknown

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  /** Whether a request can be recorded so. Any other adapter may throw before it sends, and axios then calls none of our functions. */
  static canRecord({ adapter, transformRequest, transformResponse }: Config): boolean {
    return isNamedHttp(adapter) && isList(transformRequest) && isList(transformResponse)
  }

  /** Adds ours to the transformations of a request that {@link canRecord}. */
  add(config: Config): void {
    this.#transformRequest = config.transformRequest
    this.#transformResponse = config.transformResponse
    config.transformRequest = [...listOf(config.transformRequest), RequestHooks.#request(this)]
    config.transformResponse = [RequestHooks.#response(this), ...listOf(config.transformResponse)]
  }

  /** As a response interceptor, for an answer without data, which is not transformed. */
  readonly fulfilled = (response: Response): Response => {
    this.#end((sending) => sending.answered(response))
    return response
  }

  /** As a response interceptor, for a request without an answer. */
  readonly rejected = (error: unknown): never => {
    this.#end((sending) => sending.failed(error))
    throw error
  }

  static #request(hooks: RequestHooks): Transform {
    // `this` of a transformation is the configuration that is sent.
    return own(function (data) {
      hooks.#begin(this)
      return data
    })
  }

  static #response(hooks: RequestHooks): Transform {
    return own((data, headers, status) => {
      if (data === undefined) return data
      const answer = { status, headers, data }
      hooks.#end((sending) => sending.answered(answer))
      return answer.data
    })
  }

  #begin(config: Config): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    config.transformRequest = this.#transformRequest
    this.#sending = Sending.begin(this.#tracer, config)
    if (this.#sending === undefined) config.transformResponse = this.#transformResponse
  }

  #end(work: (sending: Sending) => void): void {
    const sending = this.#sending
    if (sending === undefined) return
    this.#sending = undefined
    work(sending)
    sending.restore()
    sending.config.transformResponse = this.#transformResponse
  }
}

/** Removes ours, of a request that never left, from a configuration that is sent again. */
export function removeHooks(config: Config): void {
  for (const name of ['transformRequest', 'transformResponse'] as const) {
    const list = config[name]
    if (Array.isArray(list) && list.some(isOwn)) config[name] = list.filter((one) => !isOwn(one))
  }
}

function own(transform: Transform & { [isOurs]?: true }): Transform {
  transform[isOurs] = true
  return transform
}

const isOwn = (transform: unknown): boolean => typeof transform === 'function' && isOurs in transform

const isList = (transforms: unknown): boolean =>
  transforms === undefined ||
  transforms === null ||
  typeof transforms === 'function' ||
  Array.isArray(transforms)

const listOf = (transforms: unknown): readonly unknown[] =>
  Array.isArray(transforms) ? transforms : typeof transforms === 'function' ? [transforms] : []
