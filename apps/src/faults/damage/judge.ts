import { isDeepStrictEqual } from 'node:util'
import type { NoAnswer } from './asking-process.js'
import type { Answer, Question } from './question.js'

/**
 * `found`: the true answer. `undetermined`: less than the truth, and the answer says so. `error`: the question failed, and
 * says why. `wrong`: anything else, above all an answer that differs from the truth without a word.
 */
export const RESULTS = ['found', 'undetermined', 'error', 'wrong', 'hang'] as const

/** Name of a result. */
export type Result = (typeof RESULTS)[number]

/** One sorted answer. */
export interface Judged {
  readonly result: Result
  /** What is wrong with it; empty unless it is wrong. */
  readonly why: string
}

type Json = Readonly<Record<string, unknown>>

const misuse = 2
const unknown = 3

/** Sorts an answer by the one that the same question had before the damage. */
export function judge({ command }: Question, truth: Answer, got: Answer | NoAnswer): Judged {
  if (got === 'hang') return { result: 'hang', why: 'no answer in time' }
  if (got === 'crash') return { result: 'wrong', why: 'the process that asked has ended' }
  if (got.exit === misuse) return { result: 'wrong', why: `a failure inside: ${firstLine(got.notes)}` }
  if (command === 'resolve') return judgeResolve(truth, got)
  return judgeList(truth, got, command === 'find' ? isKnownTrace : isKnownHop)
}

function judgeResolve(truth: Answer, got: Answer): Judged {
  const [whole] = truth.printed as Json[]
  const [answer] = got.printed as Json[]
  if (whole === undefined) throw new TypeError('the truth of a trace is a document')
  if (answer === undefined) return failed(got)
  const hops = new Map(listOf(whole, 'hops').map((hop) => [hop['hopId'], hop]))
  const invented = listOf(answer, 'hops').find((hop) => !isPartOf(hop, hops.get(hop['hopId'])))
  if (invented !== undefined)
    return { result: 'wrong', why: `its hop of ${String(invented['service'])} is not the one recorded` }
  if (answer['verdict'] === 'undetermined')
    return got.exit === unknown
      ? { result: 'undetermined', why: '' }
      : { result: 'wrong', why: `exit ${got.exit}` }
  const same = ['verdict', 'endedAt', 'lastHealthy'].every((name) =>
    isDeepStrictEqual(answer[name], whole[name]),
  )
  if (!same || got.exit !== truth.exit)
    return {
      result: 'wrong',
      why: `${String(answer['verdict'])} at ${nameOf(answer)}, true is ${String(whole['verdict'])} at ${nameOf(whole)}`,
    }
  if (isDeepStrictEqual(listOf(answer, 'hops').map(comparable), listOf(whole, 'hops').map(comparable)))
    return { result: 'found', why: '' }
  return tellsDamage(answer, whole, got.notes)
    ? { result: 'undetermined', why: '' }
    : { result: 'wrong', why: 'the verdict is right, its hops are less than recorded, and nothing is said' }
}

function judgeList(
  truth: Answer,
  got: Answer,
  isKnown: (row: Json, rows: readonly Json[]) => boolean,
): Judged {
  const whole = (truth.printed as Json[]).map(comparable)
  const answer = (got.printed as Json[]).map(comparable)
  const told = got.exit === unknown || saysDamage(got.notes)
  if (isDeepStrictEqual(answer, whole))
    return { result: told && got.exit !== truth.exit ? 'error' : 'found', why: '' }
  if ((got.printed as Json[]).some((row) => !isKnown(row, truth.printed as Json[])))
    return { result: 'wrong', why: 'it lists what was not recorded' }
  if (got.exit === unknown && saysAbsent(got.notes))
    return { result: 'wrong', why: `it says that there is none: ${firstLine(got.notes)}` }
  if (!told) return { result: 'wrong', why: `${answer.length} of ${whole.length}, and nothing is said` }
  return { result: got.exit === unknown ? 'error' : 'undetermined', why: '' }
}

function failed({ exit, notes }: Answer): Judged {
  return exit === unknown && notes !== ''
    ? { result: 'error', why: '' }
    : { result: 'wrong', why: `no document, exit ${exit}: ${firstLine(notes)}` }
}

/** Lines about what could not be read that the undamaged answer did not have. */
function tellsDamage(answer: Json, whole: Json, notes: string): boolean {
  const before = new Set(textsOf(whole, 'evidence'))
  return (
    saysDamage(notes) || textsOf(answer, 'evidence').some((line) => !before.has(line) && saysDamage(line))
  )
}

const saysDamage = (text: string): boolean =>
  /damaged|could not be read|not everything could be read|cannot be read|unreadable|missing|lost|another key|not whole/i.test(
    text,
  )

const saysAbsent = (notes: string): boolean => /^no trace has /m.test(notes) && !saysDamage(notes)

/** A hop without what depends on how and when it was read. */
function comparable(row: Json): Json {
  const { source, lost, depth, ...rest } = row
  void [source, lost, depth]
  return { ...rest, ...(Array.isArray(row['next']) ? { next: listOf(row, 'next').map(comparableCall) } : {}) }
}

/** `found` says where the callee was looked for. */
function comparableCall({ found, ...call }: Json): Json {
  void found
  return call
}

/** Whether a shown hop has no value that the recorded one has not. What it lacks is another question. */
function isPartOf(shown: Json, recorded: Json | undefined): boolean {
  if (recorded === undefined) return false
  const { events, next, keys, attributes, error, state, ...scalars } = comparable(shown)
  const truth = comparable(recorded)
  return (
    Object.entries(scalars).every(
      ([name, value]) => isEmpty(value) || isDeepStrictEqual(value, truth[name]),
    ) &&
    isFieldsOf(error, truth['error']) &&
    isEntriesOf(keys, truth['keys']) &&
    isEntriesOf(attributes, truth['attributes']) &&
    isElementsOf(events, truth['events']) &&
    callsOf(next).every((call) => callsOf(truth['next']).some((one) => isFieldsOf(call, one))) &&
    // A hop whose end was lost is shown as one that has none.
    (state === undefined || state === truth['state'] || state === 'open' || state === 'interrupted')
  )
}

/** Values of a hop of which a part was lost. */
const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === false ||
  value === 0 ||
  (typeof value === 'string' && value === '')

/** Fields of a call or an error. Null, and the word for a text that was lost, stand for nothing. */
function isFieldsOf(part: unknown, whole: unknown): boolean {
  return Object.entries((part ?? {}) as Json).every(
    ([name, value]) =>
      value === null || value === 'unknown' || isDeepStrictEqual(value, ((whole ?? {}) as Json)[name]),
  )
}

const callsOf = (next: unknown): Json[] => (Array.isArray(next) ? (next as Json[]) : [])

function isEntriesOf(part: unknown, whole: unknown): boolean {
  return Object.entries((part ?? {}) as Json).every(([name, value]) =>
    isDeepStrictEqual(value, ((whole ?? {}) as Json)[name]),
  )
}

function isElementsOf(part: unknown, whole: unknown): boolean {
  const left = [...((whole ?? []) as unknown[])]
  return ((part ?? []) as unknown[]).every((one) => left.some((other) => isDeepStrictEqual(one, other)))
}

function listOf(json: Json, name: string): Json[] {
  return (json[name] ?? []) as Json[]
}

function textsOf(json: Json, name: string): string[] {
  return (json[name] ?? []) as string[]
}

const isKnownHop = (row: Json, rows: readonly Json[]): boolean =>
  isPartOf(
    row,
    rows.find((one) => one['hopId'] === row['hopId']),
  )

/** Its newest hop with the key is another one when the newest could not be read. */
const isKnownTrace = (row: Json, rows: readonly Json[]): boolean =>
  rows.some((one) => one['traceId'] === row['traceId'])

function nameOf(answer: Json): string {
  const place = answer['endedAt'] as Json | null
  return place === null ? '-' : String(place['service'])
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
