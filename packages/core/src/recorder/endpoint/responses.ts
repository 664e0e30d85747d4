import { orLate } from '../../base/deadline.js'
import { toJson } from '../../record/record-json.js'

/** An answer: text in pieces, which the reader takes as fast as it likes. */
export interface EndpointResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<string>
}

const always = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

async function* pieces(...texts: string[]): AsyncGenerator<string> {
  for (const text of texts) yield text
}

export function plain(status: number, text: string, type = 'text/plain; charset=utf-8'): EndpointResponse {
  return {
    status,
    headers: { ...always, 'content-type': type },
    body: text === '' ? pieces() : pieces(text.endsWith('\n') ? text : `${text}\n`),
  }
}

export function json(status: number, value: unknown): EndpointResponse {
  return stream(pieces(toJson(value)), 'application/json', status)
}

export function stream(body: AsyncIterable<string>, type: string, status = 200): EndpointResponse {
  return { status, headers: { ...always, 'content-type': type }, body }
}

/** JSON of what is still being found out: white space shows every now and then that it is. */
export function slowJson(value: Promise<unknown>, beatMillis: number): EndpointResponse {
  return stream(beating(value, beatMillis), 'application/json')
}

async function* beating(value: Promise<unknown>, beatMillis: number): AsyncGenerator<string> {
  const text = value.then(toJson)
  text.catch(() => undefined)
  yield ' '
  for (;;) {
    const done = await orLate(text, beatMillis)
    if (done !== undefined) {
      yield done.value
      return
    }
    yield ' '
  }
}
