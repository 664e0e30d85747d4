import { hoptrace, type CommandOptions, type Ended } from './processes.fixture.js'

/** The part of the answer to `resolve --json` that tests use. */
export interface Resolved {
  readonly traceId: string
  readonly verdict: string
  readonly endedAt: { readonly service: string } | null
  readonly hops: readonly {
    readonly hopId: string
    readonly service: string
    readonly keys: Readonly<Record<string, string>>
    readonly attributes: Readonly<Record<string, unknown>>
    readonly events: readonly { readonly name: string }[]
    readonly next: readonly {
      readonly target: string
      readonly service: string | null
      readonly outcome: string | null
    }[]
    readonly error: { readonly message: string } | null
    readonly toldBy?: string
  }[]
  readonly evidence: readonly string[]
}

/**
 * `hoptrace resolve --json` of a data directory. Throws with what the command wrote when there is no
 * document.
 */
export async function resolved(
  dataDir: string,
  subject: string,
  more: readonly string[] = [],
  options: CommandOptions = {},
): Promise<Resolved> {
  const { code, stdout, stderr } = await hoptrace(
    ['resolve', subject, '--json', '--dir', dataDir, ...more],
    options,
  )
  if (stdout === '') throw new Error(`resolve ended with ${code} and no document: ${stderr}`)
  return JSON.parse(stdout) as Resolved
}

/** Every question that the command knows, about one task and one service. */
export function questions(task: string, service: string): readonly (readonly string[])[] {
  return [
    ['resolve', `task=${task}`],
    ['resolve', `task=${task}`, '--recursive'],
    ['progress', `task=${task}`],
    ['find', `task=${task}`],
    ['range', service, '--since', '1h'],
    ['instances'],
  ]
}

/** Asks all of them, side by side. */
export async function askAll(
  dataDir: string,
  task: string,
  service: string,
  options: CommandOptions = {},
): Promise<readonly Ended[]> {
  return Promise.all(questions(task, service).map((words) => hoptrace([...words, '--dir', dataDir], options)))
}
