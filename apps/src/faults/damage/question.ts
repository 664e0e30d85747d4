import type { Recording } from './recording.js'

/** One question as a person types it: the words after `hoptrace`. */
export interface Question {
  readonly command: 'resolve' | 'find' | 'range'
  readonly subject: string
  readonly options: readonly string[]
}

/** How the command answered. */
export interface Answer {
  readonly exit: number
  /** The documents that it printed. */
  readonly printed: readonly unknown[]
  /** Its other output. */
  readonly notes: string
}

/** More than one recording has of anything. */
const LIMIT = '1000'

/** Every question that a recording has an answer to: each trace, each key, each service. */
export function questionsOf({ tasks, from, to }: Recording, services: readonly string[]): Question[] {
  const customers = [...new Set(tasks.map(({ customer }) => customer))]
  const span = ['--since', new Date(from).toISOString(), '--until', new Date(to).toISOString()]
  return [
    ...tasks.map(({ name }): Question => ({ command: 'resolve', subject: `task=${name}`, options: [] })),
    ...[...tasks.map(({ name }) => `task=${name}`), ...customers.map((name) => `customer=${name}`)].map(
      (subject): Question => ({ command: 'find', subject, options: ['--limit', LIMIT] }),
    ),
    ...services.map((subject): Question => ({
      command: 'range',
      subject,
      options: [...span, '--limit', LIMIT],
    })),
  ]
}

/** The question by the trace's id, which needs no index of keys. */
export function byId(traceId: string): Question {
  return { command: 'resolve', subject: traceId, options: [] }
}

/** A question in words. */
export function describeQuestion({ command, subject }: Question): string {
  return `${command} ${subject}`
}
