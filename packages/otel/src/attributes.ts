import type { Attributes, AttributeValue } from '@opentelemetry/api'

/**
 * Attributes of the semantic conventions that are not recorded: hoptrace has another place for them (method, status, route,
 * target, error), or they hold what it never records: a raw path, a query, a header, a body, a statement, who the client is.
 */
const left =
  /^(?:url|http|net|network|server|client|user_agent|rpc|error|exception|messaging|enduser|peer|source|destination)\.|^(?:db\.(?:statement|query\.(?:text|parameter)|connection_string|user)|graphql\.(?:source|document|variables))(?:\.|$)/

/** The attributes of a span that its hop records. */
export function recorded(attributes: Attributes): Record<string, AttributeValue | undefined> {
  const kept: Record<string, AttributeValue | undefined> = {}
  for (const [name, value] of Object.entries(attributes)) if (!left.test(name)) kept[name] = value
  return kept
}

/** The first of several attributes that is a text: conventions have renamed many. */
export function textOf(attributes: Attributes, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = attributes[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}

/** The first of several attributes that is a number, or a text that is one. */
export function numberOf(attributes: Attributes, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = attributes[name]
    if (typeof value === 'number') return value
    if (typeof value === 'string' && /^\d{1,9}$/.test(value)) return Number(value)
  }
  return undefined
}

/** The method of an HTTP request, by the conventions of today or before. */
export const httpMethodOf = (attributes: Attributes): string | undefined =>
  textOf(attributes, 'http.request.method', 'http.method')

/** An exception as its event describes it, in the form of an error. */
export function errorOf(attributes: Attributes): Error {
  const type = textOf(attributes, 'exception.type') ?? 'Error'
  const error = new Error(textOf(attributes, 'exception.message') ?? '')
  // `recordException` puts the error's code, if it has one, in the place of its name.
  return /^[A-Z0-9_]+$/.test(type)
    ? Object.assign(error, { code: type })
    : Object.assign(error, { name: type })
}
