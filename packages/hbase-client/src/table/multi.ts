import type { Cluster } from '../cluster/cluster.js'
import type { Region } from '../cluster/region.js'
import type { Deadline } from '../deadline.js'
import { HBaseError, protocolError } from '../errors.js'
import { addressText, type Address } from '../options.js'
import { encodeCells } from '../rpc/cell-block.js'
import { multi } from '../rpc/methods.js'
import { remoteError } from '../rpc/remote-error.js'
import { specify } from './get.js'
import type { Mutation } from './operation.js'
import type { DecodedNameBytesPair, DecodedRegionActionResult, RegionActionInit } from '../proto/hbase.js'

/** Mutations for one server, by region. */
export interface MultiCall {
  readonly server: Address
  readonly regions: Map<Region, Mutation[]>
  bytes: number
  count: number
}

/**
 * Large enough to fill the pipe, small enough for several concurrent calls that do not block each other for
 * long.
 */
const maxCallBytes = 2 * 1024 * 1024
const maxCallMutations = 1000

/** Groups mutations into calls: by server, and up to the maximum size of a call. */
export function toCalls(located: readonly (readonly [Mutation, Region])[]): MultiCall[] {
  const open = new Map<string, MultiCall>()
  const calls: MultiCall[] = []
  for (const [mutation, region] of located) {
    const key = addressText(region.server)
    let call = open.get(key)
    if (!call || call.count >= maxCallMutations || call.bytes + mutation.bytes > maxCallBytes) {
      call = { server: region.server, regions: new Map(), bytes: 0, count: 0 }
      open.set(key, call)
      calls.push(call)
    }
    const group = call.regions.get(region)
    if (group) group.push(mutation)
    else call.regions.set(region, [mutation])
    call.bytes += mutation.bytes
    call.count++
  }
  return calls
}

/**
 * One attempt of a call. Calls `onOutcome` for each mutation: undefined if it was acknowledged, else the
 * error.
 */
export async function runCall(
  cluster: Cluster,
  call: MultiCall,
  deadline: Deadline,
  onOutcome: (mutation: Mutation, error: HBaseError | undefined) => void,
): Promise<void> {
  const groups = [...call.regions]
  const failGroup = ([region, mutations]: [Region, Mutation[]], error: HBaseError) => {
    cluster.noteFailure(region, error)
    for (const mutation of mutations) onOutcome(mutation, error)
  }
  try {
    const cells = encodeCells(
      groups.flatMap(([, mutations]) => mutations.flatMap((mutation) => mutation.cells)),
    )
    const request = { regionAction: groups.map(([region, mutations]) => toRegionAction(region, mutations)) }
    const { message } = await cluster.pool.call(call.server, multi, request, deadline, cells)
    for (const [index, group] of groups.entries()) {
      const result = message.regionActionResult[index]
      if (!result)
        failGroup(group, protocolError(`${addressText(call.server)} did not answer for every region`))
      else if (result.exception) failGroup(group, toError(result.exception, call.server))
      else readResults(cluster, group, result, call.server, onOutcome)
    }
  } catch (error) {
    if (!(error instanceof HBaseError)) throw error
    for (const group of groups) failGroup(group, error)
  }
}

function readResults(
  cluster: Cluster,
  [region, mutations]: [Region, Mutation[]],
  result: DecodedRegionActionResult,
  server: Address,
  onOutcome: (mutation: Mutation, error: HBaseError | undefined) => void,
): void {
  const answered = new Map(result.resultOrException.map((entry) => [entry.index, entry]))
  for (const [index, mutation] of mutations.entries()) {
    const entry = answered.get(index)
    let error: HBaseError | undefined
    if (!entry) error = protocolError(`${addressText(server)} did not answer for every row`)
    else if (entry.exception) error = toError(entry.exception, server)
    if (error) cluster.noteFailure(region, error)
    onOutcome(mutation, error)
  }
}

function toRegionAction(region: Region, mutations: readonly Mutation[]): RegionActionInit {
  return {
    region: specify(region),
    action: mutations.map(({ row, type, cells, timestamp }, index) => ({
      index,
      mutation: {
        row,
        mutateType: type,
        associatedCellCount: cells.length,
        ...(timestamp === undefined ? {} : { timestamp }),
      },
    })),
  }
}

function toError(exception: DecodedNameBytesPair, server: Address): HBaseError {
  const text = Buffer.from(exception.value ?? []).toString('utf8', 0, 2000)
  return remoteError({ className: exception.name, text, doNotRetry: false }, addressText(server))
}
