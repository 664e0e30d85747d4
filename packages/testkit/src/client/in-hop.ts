import type { CallRecord, HopRecord } from '@hoptrace/core'
import type { KitTracer } from '../adapter/kit-tracer.js'
import type { ClientRequest, ClientResponse, ClientSubject, KitClient } from './subject.js'

/** The outcome of a request: the answer, or the thrown error. */
export type Outcome =
  { readonly response: ClientResponse; readonly body: string } | { readonly error: unknown }

/** Sends a request and reads the body. */
export async function outcomeOf(client: KitClient, request: ClientRequest): Promise<Outcome> {
  try {
    const response = await client.request(request)
    return { response, body: await response.text() }
  } catch (error) {
    return { error }
  }
}

/** Runs `work` in a hop, and returns its result with the record of the hop. */
export async function inHop<T>(
  kit: KitTracer,
  work: () => Promise<T>,
): Promise<{ result: T; record: HopRecord; calls: readonly CallRecord[] }> {
  const { tracer } = kit
  const { result, id } = await tracer.run({ name: 'job' }, async () => ({
    result: await work(),
    id: tracer.hop?.id,
  }))
  const record = await kit.eventually(({ hopId, state }) => hopId === id && state === 'closed')
  return { result, record, calls: record.next }
}

/** Sends one request from a hop. */
export async function sendInHop(subject: ClientSubject, kit: KitTracer, request: ClientRequest) {
  const client = subject.create(kit.tracer)
  const { result, record, calls } = await inHop(kit, () => outcomeOf(client, request))
  return { outcome: result, record, calls }
}

/** The part of an outcome that must be the same with and without tracing. */
export function comparableOutcome(outcome: Outcome): object {
  if ('response' in outcome) {
    const { date: _, ...headers } = outcome.response.headers
    return { status: outcome.response.status, headers, body: outcome.body }
  }
  const { error } = outcome
  if (!(error instanceof Error)) return { error }
  const { name, message, code } = error as Error & { code?: unknown }
  return { name, message, code, constructor: error.constructor.name, keys: Object.keys(error).sort() }
}
