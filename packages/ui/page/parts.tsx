import type { Verdict } from '@hoptrace/core'
import { LOOKS } from '../src/model/sentence.js'

/** A verdict as a sign and a word; its colour only repeats them. */
export function VerdictBadge({ verdict }: { readonly verdict: Verdict }) {
  const { sign, word, tone } = LOOKS[verdict]
  return (
    <span class={`badge ${tone}`}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  )
}

interface FailureProps {
  readonly error: Error
  /** Adds a button that asks again. */
  readonly onAgain?: () => void
}

/** An error, said at once to readers of the screen. */
export function Failure({ error, onAgain }: FailureProps) {
  return (
    <>
      <p class="failure" role="alert">
        {error.message}
      </p>
      {onAgain !== undefined && (
        <button type="button" onClick={onAgain}>
          Ask again
        </button>
      )}
    </>
  )
}

/** Puts a text on the clipboard. Pages that are not on loopback and not under https have none. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}
