import type { AskingProcess } from './asking-process.js'
import type { TaskKind } from './chain.js'
import { byId, describeQuestion, questionsOf, type Answer, type Question } from './question.js'
import { copyTree, recordedServices, type Recording } from './recording.js'

/** A question and its answer before any damage. */
export interface Known {
  readonly question: Question
  readonly truth: Answer
}

const VERDICTS: Readonly<Record<TaskKind, readonly string[]>> = {
  well: ['completed'],
  fails: ['failed'],
  hangs: ['died', 'interrupted'],
}

/**
 * Asks everything about an undamaged recording. Throws when an answer is not what the services did: then nothing can be
 * compared with it.
 */
export async function trueAnswers(recording: Recording, asking: AskingProcess): Promise<Known[]> {
  const ask = async (question: Question): Promise<Known> => {
    const answer = await asking.ask(recording.dataDir, question)
    if (typeof answer === 'string')
      throw new Error(`${describeQuestion(question)}: ${answer} before any damage`)
    return { question, truth: answer }
  }
  await copyTree(recording.master, recording.dataDir)
  const known: Known[] = []
  for (const question of questionsOf(recording, recordedServices)) known.push(await ask(question))
  for (const { question, truth } of known) expectTrue(recording, question, truth)
  const traces = known.flatMap(({ question, truth }) => (question.command === 'resolve' ? truth.printed : []))
  for (const { traceId } of traces as { traceId: string }[]) known.push(await ask(byId(traceId)))
  return known
}

function expectTrue({ tasks }: Recording, question: Question, { printed, exit, notes }: Answer): void {
  const fail = (what: string): never => {
    throw new Error(`${describeQuestion(question)}: ${what} before any damage (exit ${exit}) ${notes}`)
  }
  const [name = '', value = ''] = question.subject.split('=')
  if (question.command === 'find') {
    const expected = name === 'task' ? 1 : tasks.filter(({ customer }) => customer === value).length
    if (printed.length !== expected) fail(`${printed.length} traces, not ${expected}`)
  } else if (question.command === 'range') {
    if (printed.length !== tasks.length) fail(`${printed.length} hops, not ${tasks.length}`)
  } else {
    const kind = tasks.find((task) => task.name === value)?.kind ?? 'well'
    const answer = printed[0] as { verdict: string; hops: unknown[] }
    if (!VERDICTS[kind].includes(answer.verdict)) fail(`${answer.verdict} of a task that ${kind}`)
    if (answer.hops.length !== recordedServices.length) fail(`${answer.hops.length} hops`)
  }
}
