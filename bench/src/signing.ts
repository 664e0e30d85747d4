/**
 * The price of the cluster key for a request: the headers of a request with the key, and with keys that make constant tags, by turns; and
 * the difference as a share of a bare request on the same machine in the same run. All of it is CPU.
 * `npm run bench:signing -- --rounds 9 --seconds 3`
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
  options: { rounds: { type: 'string', default: '9' }, seconds: { type: 'string', default: '3' } },
})
const perRound = 100_000
const keys = clusterKeys(newClusterKey(), true)
const tag = '0'.repeat(16)
/** Keys that sign nothing. */
const unsigned: ClusterKeys = { ...keys, contextTag: () => tag, answerTag: () => tag }

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

const added = new Map<string, number[]>()
for (let round = -2; round < Number(values.rounds); round++)
  for (const [name, [by, without]] of Object.entries(subjects)) {
    const micros = microsOf(by) - microsOf(without)
    // The first rounds compile.
    if (round >= 0) added.set(name, [...(added.get(name) ?? []), micros])
  }
if (!Number.isFinite(sink)) throw new Error('nothing was made')

const bare: number[] = []
for (const framework of frameworks) {
  const samples: number[] = []
  for (let round = 0; round < 3; round++)
    samples.push((await measure(framework, 'bare', Number(values.seconds))).cpuMicros)
  bare.push(median(samples))
}
const rows = [...added].map(([name, micros]) => [
  name,
  `+${median(micros).toFixed(2)} us`,
  ...bare.map((cost) => (median(micros) / cost).toFixed(3)),
])
console.log(
  table(
    [
      '',
      'added by the key',
      ...frameworks.map((name, i) => `of ${name} bare (${(bare[i] ?? 0).toFixed(0)} us)`),
    ],
    rows,
  ),
)
