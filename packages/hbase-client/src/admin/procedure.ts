import { randomBytes } from 'node:crypto'
import type { Cluster } from '../cluster/cluster.js'
import type { Deadline } from '../deadline.js'
import { HBaseError } from '../errors.js'
import * as methods from '../rpc/methods.js'
import type { Method } from '../rpc/pool.js'
import { remoteError } from '../rpc/remote-error.js'
import { retrying } from '../retry.js'
import { ProcedureState } from '../proto/hbase.js'
import type { Decoded, Init, Message } from '../proto/message.js'

const firstPollMillis = 10
const longestPollMillis = 250

/** Calls the active master. Retries, at another master if necessary, while a retry may help. */
export async function callMaster<I extends Message, O extends Message>(
  cluster: Cluster,
  method: Method<I, O>,
  request: Init<I>,
  deadline: Deadline,
): Promise<Decoded<O>> {
  return retrying(deadline, async () => {
    const master = await cluster.registry.master(deadline)
    try {
      const { message } = await cluster.pool.call(master, method, request, deadline)
      return message
    } catch (error) {
      if (error instanceof HBaseError && error.recovery === 'elsewhere') cluster.registry.forgetMaster()
      throw error
    }
  })
}

/** A fresh nonce for a request: the master runs a procedure once, however often its request arrives. */
export function newNonce(): { nonceGroup: bigint; nonce: bigint } {
  const bytes = randomBytes(16)
  return { nonceGroup: bytes.readBigUInt64BE(0), nonce: bytes.readBigUInt64BE(8) }
}

/** Waits for a procedure of the master. Rejects with its failure, or with `TIMEOUT` while it still runs. */
export async function awaitProcedure(cluster: Cluster, procId: bigint, deadline: Deadline): Promise<void> {
  for (let pause = firstPollMillis; ; pause = Math.min(pause * 1.5, longestPollMillis)) {
    const result = await callMaster(cluster, methods.getProcedureResult, { procId }, deadline)
    if (result.state === ProcedureState.NOT_FOUND) {
      throw new HBaseError('REMOTE', `the master no longer knows procedure ${procId}`, {
        recovery: 'later',
      })
    }
    if (result.state === ProcedureState.FINISHED) {
      const failure = result.exception?.genericException
      if (!failure) return
      const { className, message } = failure
      throw remoteError({ className, text: message, doNotRetry: true }, `procedure ${procId}`)
    }
    await deadline.sleep(pause)
  }
}
