/** A refusal or a failure that the server described. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

const TOKEN = 'hoptrace.token'

/** The token comes in the fragment, which browsers do not send; from there it goes into this tab's storage. */
export function keepToken(): void {
  const given = /^#token=([\w.~-]+)$/.exec(window.location.hash)?.[1]
  if (given === undefined) return
  sessionStorage.setItem(TOKEN, given)
  window.history.replaceState(null, '', window.location.pathname + window.location.search)
}

async function ask(
  path: string,
  parameters: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Response> {
  const token = sessionStorage.getItem(TOKEN)
  const query = new URLSearchParams(parameters)
  const response = await fetch(`/api/${path}?${query}`, {
    ...(token === null ? {} : { headers: { authorization: `Bearer ${token}` } }),
    ...(signal === undefined ? {} : { signal }),
  }).catch(() => {
    signal?.throwIfAborted()
    throw new ApiError('HOPTRACE_UI_UNAVAILABLE', 'hoptrace ui does not answer: does it still run?')
  })
  if (response.ok) return response
  const body = (await response.json().catch(() => undefined)) as
    { error?: { code?: string; message?: string } } | undefined
  throw new ApiError(
    body?.error?.code ?? String(response.status),
    body?.error?.message ?? `the server answered ${response.status}`,
  )
}

/** One answer as a whole. */
export async function askFor<T>(
  path: string,
  parameters: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<T> {
  return (await (await ask(path, parameters, signal)).json()) as T
}

/**
 * An answer line by line, each as it comes. It ends with the answer's end. Rejects when a part could not be read, or when the answer was cut.
 */
export async function* askForLines<T extends { readonly kind: string }>(
  path: string,
  parameters: Readonly<Record<string, string>>,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const { body } = await ask(path, parameters, signal)
  if (body === null) throw new ApiError('HOPTRACE_BAD_ANSWER', 'the answer is empty')
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      signal.throwIfAborted()
      return { done: true, value: undefined } as const
    })
    if (done) throw new ApiError('HOPTRACE_BAD_ANSWER', 'the answer was cut: ask again')
    const lines = (rest + value).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const row = JSON.parse(line) as
        T | { kind: 'end' } | { kind: 'error'; error: { code: string; message: string } }
      if (row.kind === 'end' && !('progress' in row)) return
      if (row.kind === 'error') {
        const { error } = row as { error: { code: string; message: string } }
        throw new ApiError(error.code, error.message)
      }
      yield row as T
    }
  }
}
