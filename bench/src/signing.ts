/**
 * What the cluster key costs a request, with and without it in one run: the headers of a request with the key, and with keys that make
 * constant tags, by turns. The difference is also shown as a share of a bare request on the same machine in the same run. All of it is
 * CPU. The median of many short rounds leaves out what other work on the machine does.
 * `npm run bench:signing -- --rounds 100 --seconds 3`
 */
import { parseArgs } from 'node:util'
import { IdGenerator, sealId } from '../../packages/core/src/id/index.js'
import { clusterKeys, newClusterKey, type ClusterKeys } from '../../packages/core/src/key/index.js'
import {
  noContext,
  readAnswer,
  readContext,
  responseHeaders,
  writeContext,
} from '../../packages/core/src/propagation/index.js'
import { median, table } from './report.js'
import { frameworks, measure } from './server-load.js'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '100' }, seconds: { type: 'string', default: '3' } },
})
const perRound = 10_000
const keys = clusterKeys(newClusterKey(), true)
const tag = '0'.repeat(16)
/** Keys that sign nothing. */
const unsigned: ClusterKeys = {
  ...keys,
  contextTag: () => tag,
  provesContext: () => true,
  answerTag: () => tag,
  provesAnswer: () => true,
}

const ids = new IdGenerator({ address: '10.0.0.1:4001' })
const hops = Array.from({ length: 1024 }, () => ids.next())
const calls = hops.map((traceId) => ({ traceId, calleeId: ids.assign({ ip: '10.0.0.2', port: 4002 }) }))
const nowNanos = BigInt(Date.now()) * 1_000_000n

/** The headers that the processes of one call write and read. */
function oneCall(by: ClusterKeys) {
  const sent = calls.map(({ traceId, calleeId }) =>
    writeContext(
      { traceId, flags: 1, tracestate: '', sealTrace: true },
      calleeId,
      { keys: by, sealTraces: false },
      true,
    ),
  )
  const contexts = sent.map(({ headers }) => readContext(headers, { trusted: true, nowNanos, keys: by }))
  const answering = (index: number) => ({
    hopId: (calls[index] as (typeof calls)[number]).calleeId,
    traceId: hops[index] as string,
    service: 'orders',
    address: '10.0.0.2:4002',
    flags: 1,
    isDialled: false,
  })
  const answers = contexts.map((context, index) => responseHeaders(context, answering(index), by))
  return {
    caller: (index: number): number => {
      const { traceId, calleeId } = calls[index] as (typeof calls)[number]
      const { asked } = writeContext(
        { traceId, flags: 1, tracestate: '', sealTrace: true },
        calleeId,
        { keys: by, sealTraces: false },
        true,
      )
      return readAnswer(answers[index] ?? {}, asked, by).servedBy === null ? 0 : 1
    },
    callee: (index: number): number => {
      const context = readContext(sent[index]?.headers ?? {}, { trusted: true, nowNanos, keys: by })
      return Object.keys(responseHeaders(context, answering(index), by)).length
    },
  }
}

const signed = oneCall(keys)
const plain = oneCall(unsigned)
const subjects: Readonly<
  Record<string, readonly [with_: (i: number) => number, without: (i: number) => number]>
> = {
  'request of a client: the answer seals its trace': [
    (i) => sealId(keys.seal, hops[i] as (typeof hops)[number]).length,
    (i) => (hops[i] as string).length,
  ],
  'request of a service: its tag is checked, the answer signed': [signed.callee, plain.callee],
  'call of a service: it is signed, the tag of the answer checked': [signed.caller, plain.caller],
}

let sink = noContext.flags
function microsOf(work: (index: number) => number): number {
  // CPU and not time: other work on the machine takes turns with this.
  const before = process.cpuUsage()
  for (let i = 0; i < perRound; i++) sink += work(i & 1023)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / perRound
}

const micros = new Map<string, { with_: number[]; without: number[]; added: number[] }>()
for (const name of Object.keys(subjects)) micros.set(name, { with_: [], without: [], added: [] })
for (let round = -20; round < Number(values.rounds); round++)
  for (const [name, [by, without]] of Object.entries(subjects)) {
    const [costWith, costWithout] = [microsOf(by), microsOf(without)]
    // The first rounds compile.
    if (round < 0) continue
    micros.get(name)?.with_.push(costWith)
    micros.get(name)?.without.push(costWithout)
    micros.get(name)?.added.push(costWith - costWithout)
  }
if (!Number.isFinite(sink)) throw new Error('nothing was made')

const bare: number[] = []
for (const framework of frameworks) {
  const samples: number[] = []
  for (let round = 0; round < 3; round++)
    samples.push((await measure(framework, 'bare', { seconds: Number(values.seconds) })).cpuMicros)
  bare.push(median(samples))
}
const rows = [...micros].map(([name, { with_, without, added }]) => [
  name,
  `${median(without).toFixed(2)} us`,
  `${median(with_).toFixed(2)} us`,
  `+${median(added).toFixed(2)} us`,
  ...bare.map((cost) => (median(added) / cost).toFixed(3)),
])
console.log(
  table(
    [
      '',
      'headers without the key',
      'with it',
      'added',
      ...frameworks.map((name, i) => `of ${name} bare (${(bare[i] ?? 0).toFixed(0)} us)`),
    ],
    rows,
  ),
)
