import { isAxiosError } from 'axios'

/** How a service answers when something went wrong: 504 for a service behind it that was too slow, 502 for one that failed, 500 for itself. */
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
