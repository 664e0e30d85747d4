const maxChars = 32_768

/** The metadata of a job: a JSON object of headers, as OpenTelemetry's adapter for BullMQ writes it too. */
export function metadataOf(headers: Readonly<Record<string, string>>): string {
  return JSON.stringify(headers)
}

/** The headers in a job's metadata. Hostile: anything that can write to the queue may have written it. */
export function contextOf(metadata: unknown): Readonly<Record<string, unknown>> {
  if (typeof metadata !== 'string' || metadata.length > maxChars) return {}
  try {
    const headers: unknown = JSON.parse(metadata)
    if (typeof headers !== 'object' || headers === null) return {}
    const { traceparent, tracestate } = headers as Readonly<Record<string, unknown>>
    return { traceparent, tracestate }
  } catch {
    return {}
  }
}
