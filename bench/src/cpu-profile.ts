/**
 * What `--cpu-prof` writes: a tree of call frames, and which of them was on top at each sample. Times are
 * microseconds of the machine's monotonic clock.
 */
export interface CpuProfile {
  readonly startTime: number
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  /** The time before each sample. */
  readonly timeDeltas: readonly number[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string }
  readonly children?: readonly number[]
}

/** A function, as one caller called it. */
export interface Frame {
  readonly name: string
  /** Relative to its package; `node:` and a name for Node's own; empty for native code. */
  readonly file: string
  /** With what it called. */
  micros: number
  readonly callees: Frame[]
}

/**
 * The tree of what a thread did from one time to another: calls of the same function by the same caller are
 * one frame. Idle time is left out.
 */
export function framesOf(profile: CpuProfile, fromMicros: number, toMicros: number): Frame {
  const own = ownMicros(profile, fromMicros, toMicros)
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const add = (ids: readonly number[], to: Frame): void => {
    for (const id of ids) {
      const { callFrame, children = [] } = nodes.get(id) as ProfileNode
      if (callFrame.functionName === '(idle)') continue
      const name = callFrame.functionName || '(anonymous)'
      const file = packageFile(callFrame.url)
      let frame = to.callees.find((one) => one.name === name && one.file === file)
      if (frame === undefined) to.callees.push((frame = { name, file, micros: 0, callees: [] }))
      const before = sum(frame.callees)
      add(children, frame)
      frame.micros += (own.get(id) ?? 0) + sum(frame.callees) - before
    }
  }
  const root: Frame = { name: 'all', file: '', micros: 0, callees: [] }
  const [first] = profile.nodes
  if (first !== undefined) add(first.children ?? [], root)
  root.micros = sum(root.callees)
  return root
}

function ownMicros({ startTime, samples, timeDeltas }: CpuProfile, from: number, to: number) {
  const own = new Map<number, number>()
  let at = startTime
  samples.forEach((id, i) => {
    at += timeDeltas[i] ?? 0
    if (at >= from && at < to) own.set(id, (own.get(id) ?? 0) + (timeDeltas[i + 1] ?? 0))
  })
  return own
}

const sum = (frames: readonly Frame[]): number => frames.reduce((all, { micros }) => all + micros, 0)

/**
 * A module's file within its package, without a path of the machine. Copies of sources have the sources'
 * names.
 */
export function packageFile(url: string): string {
  if (url === '' || url.startsWith('node:')) return url
  const copy = /\/built-[0-9a-f]+\/(.*)$/.exec(url)?.[1]
  if (copy !== undefined) return copy.replace(/\.js$/, '.ts')
  const [, inPackage] = /.*\/node_modules\/(.*)$/.exec(url) ?? []
  return inPackage ?? url.slice(url.lastIndexOf('/') + 1)
}
