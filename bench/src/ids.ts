import { fold64, IdGenerator } from '../../packages/core/src/id/index.js'
import { median, table } from './report.js'

/**
 * Ids a second on one thread, and their bounds: `npm run bench:ids`. The rounds of all subjects alternate, so
 * that other work on the machine slows all of them equally.
 */
const rounds = 15
const perRound = 1_000_000

const generator = new IdGenerator({ address: '10.0.0.1:4001' })
const target = { ip: '10.0.0.2', port: 4002 }
const ids = Array.from({ length: 1024 }, () => generator.assign(target))

/** Each returns a part of its result, so that the compiler cannot remove the work. */
const subjects: Readonly<Record<string, (count: number) => number>> = {
  'process.hrtime()': (count) => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += process.hrtime()[1]
    return sum
  },
  'performance.now()': (count) => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += performance.now()
    return sum
  },
  'next(), a clock read each': (count) => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += generator.next().length
    return sum
  },
  'assign(), for a callee': (count) => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += generator.assign(target).length
    return sum
  },
  'fold64()': (count) => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += fold64(ids[i & 1023] as (typeof ids)[number]).length
    return sum
  },
}

const rates = new Map(Object.keys(subjects).map((name) => [name, [] as number[]]))
let sink = 0
for (let round = -2; round < rounds; round++) {
  for (const [name, run] of Object.entries(subjects)) {
    const start = process.hrtime.bigint()
    sink += run(perRound)
    const seconds = Number(process.hrtime.bigint() - start) / 1e9
    // The first rounds only warm up the compiler.
    if (round >= 0) rates.get(name)?.push(perRound / seconds / 1e6)
  }
}
if (!Number.isFinite(sink)) throw new Error('nothing was made')

const row = (name: string, values: readonly number[]): string[] => [
  name,
  median(values).toFixed(1),
  `${Math.min(...values).toFixed(1)}-${Math.max(...values).toFixed(1)}`,
]
console.log(`Node ${process.versions.node}, ${rounds} rounds of ${perRound / 1e6} million`)
console.log(
  table(
    ['', 'millions a second, median', 'range'],
    [...rates].map(([name, values]) => row(name, values)),
  ),
)
