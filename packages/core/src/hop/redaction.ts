import type { Attributes, AttributeValue, ErrorInfo } from './record.js'

/** What is about to be recorded. For an error, `name` is the error's name and `value` its message. */
export interface Redactable {
  readonly kind: 'attribute' | 'key' | 'error'
  readonly name: string
  readonly value: AttributeValue
}

/** Gives what is recorded in place of the value; `undefined` drops it. Throwing drops it, too. */
export type Redact = (what: Redactable) => AttributeValue | undefined

/** What of the application's data may be recorded. */
export class Redaction {
  private readonly allowed: ReadonlySet<string> | undefined
  private readonly redact: Redact | undefined

  constructor(allowAttributes: readonly string[] | undefined, redact: Redact | undefined) {
    this.allowed = allowAttributes === undefined ? undefined : new Set(allowAttributes)
    this.redact = redact
  }

  attributes(attributes: Attributes): Attributes {
    if (this.allowed === undefined && this.redact === undefined) return attributes
    const kept: Record<string, AttributeValue> = {}
    for (const [name, value] of Object.entries(attributes)) {
      if (this.allowed?.has(name) === false) continue
      const replaced = this.replaced({ kind: 'attribute', name, value })
      if (replaced !== undefined) kept[name] = replaced
    }
    return kept
  }

  key(name: string, value: string): string | undefined {
    const replaced = this.replaced({ kind: 'key', name, value })
    return replaced === undefined ? undefined : String(replaced)
  }

  error(error: ErrorInfo): ErrorInfo {
    const message = this.replaced({ kind: 'error', name: error.name, value: error.message })
    return message === error.message
      ? error
      : { ...error, message: message === undefined ? '' : String(message) }
  }

  private replaced(what: Redactable): AttributeValue | undefined {
    if (this.redact === undefined) return what.value
    try {
      return this.redact(what)
    } catch {
      return undefined
    }
  }
}
