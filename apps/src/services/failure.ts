import { isAxiosError } from 'axios'

/**
 * A service's answer to a failure: 504 if a called service was too slow, 502 if it failed, 500 for its own
 * failure.
 */
export function failure(error: unknown): {
  readonly status: number
  readonly body: { readonly error: string }
} {
  if (isAxiosError(error)) {
    if (error.response) return answer(502, `${target(error.config?.url)} answered ${error.response.status}`)
    const late = error.code === 'ETIMEDOUT' || error.code === 'ECONNABORTED'
    return answer(late ? 504 : 502, `${target(error.config?.url)}: ${error.code ?? error.message}`)
  }
  return answer(500, error instanceof Error ? error.message : String(error))
}

function answer(status: number, error: string): { status: number; body: { error: string } } {
  return { status, body: { error } }
}

function target(url: string | undefined): string {
  return url === undefined ? 'a service' : new URL(url).host
}
