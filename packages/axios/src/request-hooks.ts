import type { Tracer } from '@hoptrace/core'
import { isNamedHttp } from './request.js'
import { Sending } from './sending.js'
import type { Config, Response, Transform } from './types.js'

/** Our transformations, which configurations may still have. */
const ours = new WeakSet<Transform>()

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
    config.transformRequest = [...listOf(config.transformRequest), this.#ourRequest()]
    config.transformResponse = [this.#ourResponse(), ...listOf(config.transformResponse)]
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

  #ourRequest(): Transform {
    const begin = (config: Config): void => this.#begin(config)
    // `this` of a transformation is the configuration that is sent.
    return own(function (data) {
      begin(this)
      return data
    })
  }

  #ourResponse(): Transform {
    return own((data, headers, status) => {
      if (data === undefined) return data
      const answer = { status, headers, data }
      this.#end((sending) => sending.answered(answer))
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
    if (Array.isArray(list) && list.some((one) => ours.has(one as Transform)))
      config[name] = list.filter((one) => !ours.has(one as Transform))
  }
}

function own(transform: Transform): Transform {
  ours.add(transform)
  return transform
}

const isList = (transforms: unknown): boolean =>
  transforms === undefined ||
  transforms === null ||
  typeof transforms === 'function' ||
  Array.isArray(transforms)

const listOf = (transforms: unknown): readonly unknown[] =>
  Array.isArray(transforms) ? transforms : typeof transforms === 'function' ? [transforms] : []
