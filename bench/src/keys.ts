/**
 * Where the rows of many services go: a simulation of the keys that they write in a window, over the regions of HBase and
 * the servers that have them. The rates of services follow Zipf's law, instances are added with the rate, and the salts are
 * those of real keys. It says how many regions and rows there are, and how much more than the mean the hottest region and server get.
 * `npm run bench:keys -- --services 10000 --hops 1e12 --servers 200`
 * Unit costs come from `npm run bench:segment`: `--hop-bytes`, `--key-bytes` (of the row of a key).
 */
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { runKey, saltOf } from '../../packages/core/src/store/keys.js'
import { table } from './report.js'

const { values } = parseArgs({
  options: {
    services: { type: 'string', default: '10000' },
    hops: { type: 'string', default: '1e12' },
    servers: { type: 'string', default: '200' },
    'hop-bytes': { type: 'string', default: '22' },
    'key-bytes': { type: 'string', default: '53' },
    /** The share of hops with a business key. */
    keyed: { type: 'string', default: '0.2' },
    /** Hops a second of one process. */
    process: { type: 'string', default: '2000' },
  },
})
const number = (name: keyof typeof values): number => Number(values[name])
const services = number('services')
const hopsASecond = number('hops') / 86_400
const windowSeconds = 10
const segmentRecords = 512

interface Service {
  readonly rate: number
  /** The keys of its instances. */
  readonly runs: readonly Buffer[]
}

/** A region: what of its table's rows go to it. */
interface Region {
  bytesASecond: number
  rowsASecond: number
}

/** The service of rank n has 1/n of the rate of the first; each has two instances at least. */
function made(): Service[] {
  const weights = Array.from({ length: services }, (_, i) => 1 / (i + 1))
  const sum = weights.reduce((all, one) => all + one, 0)
  return weights.map((weight) => {
    const rate = (hopsASecond * weight) / sum
    const count = Math.max(2, Math.ceil(rate / number('process')))
    const runs = Array.from({ length: count }, () => {
      const [b = 0, c = 0, d = 0] = randomBytes(3)
      return runKey({ address: `10.${b}.${c}.${d}:4000`, worker: 0, startNanos: 0n })
    })
    return { rate, runs }
  })
}

/** The regions of one table with these services. Rows of keys are spread by a hash, in regions of their own, of which there are `keyRegions`. */
function regionsOf(members: readonly Service[], buckets: number, keyRegions: number): Region[] {
  const region = (): Region => ({ bytesASecond: 0, rowsASecond: 0 })
  const salted = Array.from({ length: buckets }, region)
  const keys = Array.from({ length: keyRegions }, region)
  for (const { rate, runs } of members) {
    const each = rate / runs.length
    for (const run of runs) {
      const of = salted[saltOf(run, buckets)] as Region
      of.bytesASecond += each * number('hop-bytes')
      of.rowsASecond += Math.ceil((each * windowSeconds) / segmentRecords) / windowSeconds
    }
    for (const one of keys) {
      one.bytesASecond += (rate * number('keyed') * number('key-bytes')) / keyRegions
      one.rowsASecond += (rate * number('keyed')) / keyRegions
    }
  }
  return [...salted, ...keys]
}

/** The bytes of the server with most, and of all servers in the mean, when each has as many regions as the others. */
function servers(regions: readonly Region[]): { most: number; mean: number } {
  const loads = new Array<number>(number('servers')).fill(0)
  const shuffled = regions.map((region) => ({ region, at: Math.random() })).sort((a, b) => a.at - b.at)
  for (const [i, { region }] of shuffled.entries()) {
    const server = i % loads.length
    loads[server] = (loads[server] as number) + region.bytesASecond
  }
  return { most: Math.max(...loads), mean: loads.reduce((all, one) => all + one, 0) / loads.length }
}

const all = made()
const chunks = (size: number): Service[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
    // Large and small ones together, as names would put them.
    all.filter((_one, rank) => rank % Math.ceil(all.length / size) === i),
  )
const layouts: readonly (readonly [string, Region[]])[] = [
  ['a table a service, 4 buckets', all.flatMap((one) => regionsOf([one], 4, 1))],
  [
    'a table a service, buckets by rate',
    all.flatMap((one) => {
      const buckets = Math.min(128, Math.max(1, Math.ceil(one.runs.length / 4)))
      return regionsOf([one], buckets, Math.max(1, Math.ceil(buckets / 2)))
    }),
  ],
  ['100 services a table, 64 buckets', chunks(100).flatMap((members) => regionsOf(members, 64, 32))],
  ['one table, 128 buckets', regionsOf(all, 128, 64)],
]
const instances = all.reduce((sum, { runs }) => sum + runs.length, 0)
console.log(
  `${services} services, ${instances} instances, ${Math.round(hopsASecond).toLocaleString('en')} hops a second; the first service has ${((100 * (all[0]?.rate ?? 0)) / hopsASecond).toFixed(1)}%`,
)
const rows = layouts.map(([name, regions]) => {
  const bytes = regions.reduce((sum, { bytesASecond }) => sum + bytesASecond, 0)
  const rowsASecond = regions.reduce((sum, one) => sum + one.rowsASecond, 0)
  const most = Math.max(...regions.map(({ bytesASecond }) => bytesASecond))
  const load = servers(regions)
  return [
    name,
    regions.length.toLocaleString('en'),
    (regions.length / number('servers')).toFixed(0),
    Math.round(rowsASecond).toLocaleString('en'),
    (bytes / 1e6).toFixed(0),
    (most / 1e6).toFixed(2),
    (load.most / 1e6).toFixed(2),
    (load.most / load.mean).toFixed(1),
  ]
})
console.log(
  table(
    [
      'layout',
      'regions',
      'a server',
      'rows/s',
      'MB/s',
      'hottest region, MB/s',
      'hottest server, MB/s',
      'of the mean',
    ],
    rows,
  ),
)
