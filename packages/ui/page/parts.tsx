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

/** An error, said at once to readers of the screen. */
export function Failure({ error }: { readonly error: Error }) {
  return (
    <p class="failure" role="alert">
      {error.message}
    </p>
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
