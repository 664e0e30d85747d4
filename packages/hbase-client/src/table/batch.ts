import type { CallOptions, Cluster } from '../cluster/cluster.js'
import type { Region } from '../cluster/region.js'
import type { Deadline } from '../deadline.js'
import { HBaseError, type BatchFailure } from '../errors.js'
import { pauseMillis, retriable } from '../retry.js'
import { runCall, toCalls } from './multi.js'
import type { Mutation } from './operation.js'

/**
 * Concurrent calls of one batch. A waiting call is not encoded yet, so that a huge batch is in memory only
 * once.
 */
const callsAtOnce = 16

/**
 * Applies mutations to the regions of their rows. Resolves when all are acknowledged; rejects with the first
 * failure's code and all `failures`. Never sends an acknowledged mutation again.
 */
export async function runBatch(
  cluster: Cluster,
  table: string,
  mutations: readonly Mutation[],
  options: CallOptions,
): Promise<void> {
  const deadline = cluster.deadline(options)
  const failed = new Map<Mutation, HBaseError>()
  let waiting = mutations
  for (let attempt = 0; waiting.length > 0; attempt++) {
    const errors = await attemptAll(cluster, table, waiting, attempt, deadline)
    // Progress means that the cluster recovers, so the next pause is short again.
    if (errors.size < waiting.length) attempt = 0
    waiting = await sortOut(errors, failed, attempt, deadline)
  }
  if (failed.size > 0) throw batchError(failed, mutations)
}

/** One attempt for all; returns the failures, by mutation. */
async function attemptAll(
  cluster: Cluster,
  table: string,
  waiting: readonly Mutation[],
  attempt: number,
  deadline: Deadline,
): Promise<Map<Mutation, HBaseError>> {
  const errors = new Map<Mutation, HBaseError>()
  const located: (readonly [Mutation, Region])[] = []
  let lookupError: HBaseError | undefined
  try {
    await cluster.checkBefore(attempt, table, deadline)
  } catch (error) {
    lookupError = ours(error)
  }
  for (const mutation of waiting) {
    let region = lookupError?.recovery === 'none' ? undefined : cluster.locator.known(table, mutation.row)
    if (!region && !lookupError) {
      try {
        region = await cluster.locator.locate(table, mutation.row, deadline)
      } catch (error) {
        lookupError = ours(error)
      }
    }
    if (region) located.push([mutation, region])
    else if (lookupError) errors.set(mutation, lookupError)
  }
  const calls = toCalls(located)
  const work = async () => {
    for (let call = calls.pop(); call; call = calls.pop()) {
      await runCall(cluster, call, deadline, (mutation, error) => error && errors.set(mutation, error))
    }
  }
  await Promise.all(Array.from({ length: callsAtOnce }, work))
  return errors
}

/** Moves permanent failures to `failed`; pauses, and returns the mutations to retry. */
async function sortOut(
  errors: ReadonlyMap<Mutation, HBaseError>,
  failed: Map<Mutation, HBaseError>,
  attempt: number,
  deadline: Deadline,
): Promise<Mutation[]> {
  const waiting: Mutation[] = []
  for (const [mutation, error] of errors) {
    try {
      retriable(error)
      waiting.push(mutation)
    } catch {
      failed.set(mutation, error)
    }
  }
  const [first] = waiting
  if (!first) return []
  try {
    await deadline.sleep(pauseMillis(attempt), errors.get(first))
    return waiting
  } catch (error) {
    for (const mutation of waiting) failed.set(mutation, ours(error))
    return []
  }
}

function batchError(failed: ReadonlyMap<Mutation, HBaseError>, mutations: readonly Mutation[]): HBaseError {
  const failures: BatchFailure[] = []
  for (const [{ first, count }, error] of failed) {
    for (let index = first; index < first + count; index++) failures.push({ index, error })
  }
  failures.sort((a, b) => a.index - b.index)
  const total = mutations.reduce((sum, { count }) => sum + count, 0)
  const error = failures[0]?.error
  return new HBaseError(
    error?.code ?? 'REMOTE',
    `${failures.length} of ${total} operations failed, first: ${error?.message}`,
    { cause: error, failures, recovery: error?.recovery ?? 'none', exceptionClass: error?.exceptionClass },
  )
}

function ours(error: unknown): HBaseError {
  if (error instanceof HBaseError) return error
  throw error
}
