const minLength = 32
/** 32 random hex digits have about 29 different pairs of neighbours, and about 22 different steps. */
const minPairs = 16
const minSteps = 8

const advice = 'make one with: hoptrace key'

/**
 * Refuses a cluster key that could be guessed: one shorter than 32 characters, or one that is made of few different parts. What it says
 * shows nothing of the key.
 * @throws TypeError
 */
export function checkClusterKey(text: string): void {
  if (typeof text !== 'string') throw new TypeError(`the cluster key must be a text; ${advice}`)
  if (text.length < minLength) {
    throw new TypeError(
      `the cluster key has ${text.length} characters, it must have ${minLength} or more; ${advice}`,
    )
  }
  const pairs = new Set<string>()
  const steps = new Set<number>()
  for (let i = 1; i < text.length; i++) {
    pairs.add(text.slice(i - 1, i + 1))
    steps.add(text.charCodeAt(i) - text.charCodeAt(i - 1))
  }
  if (pairs.size < minPairs || steps.size < minSteps) {
    throw new TypeError(`the cluster key repeats itself and could be guessed; ${advice}`)
  }
}
