import { median, table } from './report.js'
import type { Variant } from './overhead-options.js'
import type { Framework, Sample, Work } from './server-load.js'

/** What one server did in one round. */
export interface OverheadSample extends Sample {
  /** The version of Node. */
  readonly node: string
  readonly framework: Framework
  readonly work: Work
  readonly variant: Variant
  readonly round: number
  /** Of one minute, before the server started. */
  readonly loadAverage: number
}

/** The rows of a group, in their order. */
const names: Readonly<Record<Variant, string>> = {
  bare: 'bare',
  again: 'bare, again',
  hoptrace: 'hoptrace',
  hook: 'hoptrace by `--import`',
  otel: 'OpenTelemetry',
}
const megabyte = 1e6

/**
 * One table: a group of rows for each version of Node, framework and work, a row for each variant. Rows of
 * `bare` have medians of what was measured; all others have medians of the differences or ratios to `bare` of
 * the same round.
 */
export function overheadTable(samples: readonly OverheadSample[]): string {
  const head = [
    '',
    '',
    'req/s against bare',
    'CPU a request',
    'of OpenTelemetry',
    'MB at rest',
    'MB at saturation',
  ]
  const rows = [...groups(samples, ({ node }) => node)].flatMap(([node, ofNode]) => [
    [`**Node ${node}**`],
    ...[...groups(ofNode, ({ framework, work }) => `${framework}, ${work}`)].flatMap(([name, group]) =>
      rowsOf(name, group),
    ),
  ])
  return table(head, rows)
}

function rowsOf(name: string, group: readonly OverheadSample[]): string[][] {
  const of = groups(group, ({ variant }) => variant)
  const bare = of.get('bare') ?? []
  const against = (variant: Variant, compared: (one: Sample, bare: Sample) => number): number =>
    median(
      (of.get(variant) ?? []).flatMap((one) => {
        const other = bare.find(({ round }) => round === one.round)
        return other === undefined ? [] : [compared(one, other)]
      }),
    )
  const added = (variant: Variant, figure: keyof Sample): number =>
    against(variant, (one, other) => one[figure] - other[figure])
  const ofBare = (figure: keyof Sample): number => median(bare.map((one) => one[figure]))
  return (Object.keys(names) as Variant[])
    .filter((variant) => of.has(variant))
    .map((variant) => [
      name,
      names[variant],
      ...(variant === 'bare'
        ? [
            `${Math.round(ofBare('requestsPerSecond'))} req/s`,
            `${ofBare('cpuMicros').toFixed(1)} µs`,
            '',
            (ofBare('restBytes') / megabyte).toFixed(0),
            (ofBare('peakBytes') / megabyte).toFixed(0),
          ]
        : [
            against(variant, (one, other) => one.requestsPerSecond / other.requestsPerSecond).toFixed(2),
            `${signed(added(variant, 'cpuMicros'), 1)} µs`,
            of.has('otel')
              ? minus((added(variant, 'cpuMicros') / added('otel', 'cpuMicros')).toFixed(2))
              : '',
            signed(added(variant, 'restBytes') / megabyte, 0),
            signed(added(variant, 'peakBytes') / megabyte, 0),
          ]),
    ])
}

function groups<T, K>(all: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const result = new Map<K, T[]>()
  for (const one of all) {
    const key = keyOf(one)
    const group = result.get(key)
    if (group === undefined) result.set(key, [one])
    else group.push(one)
  }
  return result
}

/** Zero has no sign. */
function signed(value: number, digits: number): string {
  const text = value.toFixed(digits)
  if (Number(text) === 0) return text.replace('-', '')
  return value < 0 ? minus(text) : `+${text}`
}

const minus = (text: string): string => text.replace('-', '−')
