import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { seededRandom } from '../random.js'
import { AskingProcess } from './asking-process.js'
import { judge, type Judged } from './judge.js'
import { mutateFile, MUTATIONS, type Mutation, type Random } from './mutate.js'
import { filesByPlace, type Place } from './places.js'
import { describeQuestion, type Question } from './question.js'
import { copyTree, record, type Recording } from './recording.js'
import { trueAnswers, type Known } from './truth.js'

/** What came of one damaged copy. */
export interface DamagedRun {
  readonly place: Place
  readonly mutation: Mutation
  readonly file: string
  /** What was done to the file, in words. */
  readonly words: string
  readonly judged: readonly (Judged & { readonly question: string })[]
  /** The most memory that a question has taken so far, in bytes. */
  readonly grownBytes: number
}

/** How a campaign goes. */
export interface CampaignOptions {
  readonly runs: number
  readonly seed: number
  readonly signal: AbortSignal
  /** Leaves recording and damaged copy where they are. */
  readonly keep?: boolean
}

/**
 * Records real runs once; then, run by run, damages one file of a copy and asks. Eight runs ask everything, each of them about all hops. The same
 * seed damages the same places in the same ways; what is in the files differs from recording to recording.
 */
export async function* damageCampaign({
  runs,
  seed,
  signal,
  keep = false,
}: CampaignOptions): AsyncGenerator<DamagedRun, void, undefined> {
  const root = await mkdtemp(path.join(tmpdir(), 'hoptrace-damage-'))
  const asking = new AskingProcess()
  try {
    const recording = await record(root)
    const known = await trueAnswers(recording, asking)
    for (let run = 0; run < runs && !signal.aborted; run++) {
      const random = seededRandom(seed * 1_000_003 + run)
      await copyTree(recording.master, recording.dataDir)
      const damage = damageCopy(recording, run + seed, random)
      const judged: DamagedRun['judged'][number][] = []
      for (const [index, one] of known.entries())
        if (isAsked(one.question, index, run)) judged.push(await askAgain(recording.dataDir, one, asking))
      yield { ...damage, judged, grownBytes: asking.grownBytes }
    }
  } finally {
    await asking.close()
    if (!keep) await rm(root, { recursive: true, force: true })
  }
}

/** All ranges; a quarter of the rest in each of four runs; about traces by their key in four runs, by their id in the next four. */
function isAsked({ command, subject }: Question, index: number, run: number): boolean {
  if (command === 'range') return true
  if (command === 'resolve' && subject.includes('=') !== run % 8 < 4) return false
  return index % 4 === run % 4
}

async function askAgain(
  dataDir: string,
  { question, truth }: Known,
  asking: AskingProcess,
): Promise<DamagedRun['judged'][number]> {
  const got = await asking.ask(dataDir, question)
  return { ...judge(question, truth, got), question: describeQuestion(question) }
}

/** Each way to damage a file comes up equally often, and each place that has files. */
function damageCopy(
  { dataDir, earlier }: Recording,
  run: number,
  random: Random,
): Pick<DamagedRun, 'place' | 'mutation' | 'file' | 'words'> {
  const places = [...filesByPlace(dataDir)].filter(([, files]) => files.length > 0)
  const mutation = MUTATIONS[run % MUTATIONS.length] as Mutation
  const first = Math.floor(run / MUTATIONS.length)
  for (let tries = 0; tries < 1000; tries++) {
    const [place, files] = places[(first + Math.floor(tries / 20)) % places.length] ?? ['log', []]
    const file = files[Math.floor(random() * files.length)]
    if (file === undefined) break
    const words = mutateFile(dataDir, file, mutation, random, earlier)
    if (words !== undefined) return { place, mutation, file, words }
  }
  throw new Error(`no file can be damaged by ${mutation}`)
}
