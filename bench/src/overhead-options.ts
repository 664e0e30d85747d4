import { parseArgs } from 'node:util'
import { frameworks, works, type Mode, type Work } from './server-load.js'

/** How each variant's server is traced. `again` is `bare` a second time: what differs is noise. */
export const variants = {
  bare: 'bare',
  again: 'bare',
  hoptrace: 'hoptrace',
  hook: 'hook',
  otel: 'otel',
} as const satisfies Record<string, Mode>
export type Variant = keyof typeof variants

export interface OverheadOptions {
  readonly rounds: number
  readonly seconds: number
  readonly frameworks: readonly (typeof frameworks)[number][]
  readonly works: readonly Work[]
  /** Always with `bare`, which is the first. */
  readonly variants: readonly Variant[]
  /** As {@link nodeOf} takes them. */
  readonly nodes: readonly string[]
  /** The file that gets all samples. */
  readonly json: string
  /** Requests of a soak, which replaces the table. */
  readonly soak: number | undefined
}

/** @throws on a name that does not exist, and on a number that is none */
export function overheadOptions(args: readonly string[]): OverheadOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '4' },
      seconds: { type: 'string', default: '3' },
      only: { type: 'string', default: frameworks.join() },
      work: { type: 'string', default: Object.keys(works).join() },
      modes: { type: 'string', default: 'again,hoptrace,otel' },
      node: { type: 'string', default: '24' },
      json: { type: 'string', default: 'bench/results/overhead.json' },
      soak: { type: 'string' },
    },
  })
  const named = chosen('modes', values.modes, Object.keys(variants) as Variant[])
  return {
    rounds: atLeastOne('rounds', values.rounds),
    seconds: atLeastOne('seconds', values.seconds),
    frameworks: chosen('only', values.only, frameworks),
    works: chosen('work', values.work, Object.keys(works) as Work[]),
    variants: (Object.keys(variants) as Variant[]).filter((name) => name === 'bare' || named.includes(name)),
    nodes: values.node.split(','),
    json: values.json,
    soak: values.soak === undefined ? undefined : atLeastOne('soak', values.soak),
  }
}

function chosen<T extends string>(option: string, text: string, all: readonly T[]): readonly T[] {
  return text.split(',').map((word) => {
    const found = all.find((name) => name === word)
    if (found === undefined) throw new Error(`--${option} has no "${word}", only ${all.join(', ')}`)
    return found
  })
}

function atLeastOne(option: string, text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${option} takes 1, 2, 3 …, not "${text}"`)
  return number
}
