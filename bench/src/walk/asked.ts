import { createResolver, type HopId, type ResolverOptions } from '@hoptrace/core'
import { once } from 'node:events'
import { median } from '../report.js'

/** What another process asks. */
export interface Questions {
  /** Of the resolver. */
  readonly options: Pick<ResolverOptions, 'dir' | 'store' | 'clusterKey' | 'mode'>
  /** Entry hops to ask for, and the value of their key `orderId`. */
  readonly traces: readonly (readonly [id: HopId, orderId: string])[]
  readonly hopsOfATrace: number
}

/** Medians of milliseconds, the CPU time of the process that asks for each walk, and the reads of one answer. */
export interface Answers {
  readonly first: number
  readonly cpu: number
  readonly present: number
  readonly absent: number
  readonly find: number
  readonly instances: number
  readonly scans: number
  readonly kibibytes: number
}

/** An id of the same time and place without a record. */
function absentId(id: HopId): string {
  return `${id.slice(0, 14)}${id.slice(14, 16) === '00' ? '01' : '00'}${id.slice(16)}`
}

/** The questions of one kind that follow each other: to read the CPU time takes long enough to count for one question. */
const batch = 20

/** Asks in turns, so that what else runs on the machine meets all three kinds alike. */
async function ask({ options, traces, hopsOfATrace }: Questions): Promise<Answers> {
  const resolver = createResolver(options)
  const times = { present: [] as number[], absent: [] as number[], find: [] as number[] }
  let first = 0
  let cpu = 0
  let measured = 0
  let reads = { instances: 0, scans: 0, bytes: 0 }
  const timed = async <T>(into: number[], question: () => Promise<T>): Promise<T> => {
    const began = performance.now()
    const answer = await question()
    into.push(performance.now() - began)
    return answer
  }
  for (let asked = 0; asked < traces.length; asked += batch) {
    const some = traces.slice(asked, asked + batch)
    const before = process.cpuUsage()
    for (const [id] of some) {
      const answer = await timed(times.present, () => resolver.resolve(id))
      if (answer.verdict !== 'completed' || answer.hops.length !== hopsOfATrace)
        throw new Error(
          `${id} is ${answer.verdict} with ${answer.hops.length} hops: ${answer.evidence.join('; ')}`,
        )
      reads = answer.reads
    }
    const { user, system } = process.cpuUsage(before)
    if (asked === 0) first = times.present.shift() ?? 0
    // While the code is new to the engine, it takes many times as long.
    if (asked + some.length > traces.length / 2) {
      cpu += user + system
      measured += some.length
    }
    for (const [id] of some) {
      const absent = absentId(id)
      const none = await timed(times.absent, () => resolver.resolve(absent))
      if (none.hops.length > 0) throw new Error(`${absent} has a record`)
    }
    for (const [id, orderId] of some) {
      const hits = await timed(times.find, () => resolver.find({ key: 'orderId', value: orderId }))
      if (hits[0]?.hopId !== id) throw new Error(`orderId=${orderId} led to ${hits.length} traces`)
    }
  }
  await resolver.close()
  return {
    first,
    cpu: cpu / 1000 / measured,
    present: median(times.present),
    absent: median(times.absent),
    find: median(times.find),
    instances: reads.instances,
    scans: reads.scans,
    kibibytes: reads.bytes / 1024,
  }
}

const [questions] = (await once(process, 'message')) as [Questions]
process.send?.(await ask(questions))
process.disconnect()
