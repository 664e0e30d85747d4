import { setOwn } from './attributes.js'
import { describeError, type DescribedError } from './error-info.js'
import { limits, truncate } from '../record/limits.js'
import type { Attributes, AttributeValue, ErrorInfo } from '../record/record.js'

/**
 * A text of the application that is about to be recorded, whole. For an attribute and a key `name` is its name; for an error the
 * error's name, and `value` its message; for a code the name of the error, or the target of the call that it ended; for
 * an event and a job `name` is the kind again.
 */
export interface Redactable {
  readonly kind: 'attribute' | 'key' | 'error' | 'code' | 'event' | 'job'
  readonly name: string
  readonly value: AttributeValue
}

/**
 * Gives what is recorded in place of the value; `undefined` drops it. So does anything else that is no text, number or
 * boolean, such as a promise, and throwing.
 */
export type Redact = (what: Redactable) => AttributeValue | undefined

/** A code is what a program compares: anything else may be a text for people, with what they typed. */
const CODE = /^[A-Z0-9_]{1,64}$/

/** What of the application's data may be recorded. Nothing here throws. */
export class Redaction {
  private readonly allowed: ReadonlySet<string> | undefined
  readonly #redact: Redact | undefined

  constructor(allowAttributes: readonly string[] | undefined, redact: Redact | undefined) {
    this.allowed = allowAttributes === undefined ? undefined : new Set(allowAttributes)
    this.#redact = redact
  }

  attributes(attributes: Attributes): Attributes {
    if (this.allowed === undefined && this.#redact === undefined) return attributes
    const kept: Record<string, AttributeValue> = {}
    for (const [name, value] of Object.entries(attributes)) {
      if (this.allowed?.has(name) === false) continue
      const replaced = this.replaced({ kind: 'attribute', name, value })
      if (replaced !== undefined) setOwn(kept, name, replaced)
    }
    return kept
  }

  key(name: string, value: string): string | undefined {
    return this.text({ kind: 'key', name, value })
  }

  /** The name of an event or a job. */
  name(kind: 'event' | 'job', text: string): string | undefined {
    return this.text({ kind, name: kind, value: text })
  }

  /** An error's code, or the outcome of the call to a target; null when it is none. */
  code(name: string, code: string | null): string | null {
    const text = code === null ? undefined : this.text({ kind: 'code', name, value: code })
    return text !== undefined && CODE.test(text) ? text : null
  }

  /** Anything that can be thrown, as it is recorded. */
  error(thrown: unknown): ErrorInfo {
    const { name, message, code }: DescribedError = describeError(thrown)
    const kept = message === '' ? '' : (this.text({ kind: 'error', name, value: message }) ?? '')
    return { name, message: truncate(kept, limits.errorMessageChars), code: this.code(name, code) }
  }

  private text(what: Redactable): string | undefined {
    const replaced = this.replaced(what)
    return replaced === undefined ? undefined : String(replaced)
  }

  private replaced(what: Redactable): AttributeValue | undefined {
    if (this.#redact === undefined) return what.value
    try {
      const replaced: unknown = this.#redact(what)
      if (typeof replaced === 'string' || typeof replaced === 'number' || typeof replaced === 'boolean')
        return replaced
      if (replaced instanceof Promise) replaced.catch(() => undefined)
      return undefined
    } catch {
      return undefined
    }
  }
}
