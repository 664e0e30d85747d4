import { describe, expect, it } from 'vitest'
import { framesOf, packageFile, type CpuProfile, type Frame } from './cpu-profile.js'

const call = (id: number, functionName: string, children: number[] = [], url = '') => ({
  id,
  callFrame: { functionName, url },
  children,
})
/** One sample a millisecond. */
const profile = (nodes: CpuProfile['nodes'], samples: readonly number[]): CpuProfile => ({
  startTime: 5000,
  nodes,
  samples,
  timeDeltas: samples.map(() => 1000),
})
const lines = ({ name, micros, callees }: Frame, indent = ''): string[] => [
  `${indent}${name} ${micros}`,
  ...callees.flatMap((callee) => lines(callee, `${indent}  `)),
]

describe('the frames of a CPU profile', () => {
  it('have the time of what they called, and leave idle time out', () => {
    const nodes = [call(1, '(root)', [2, 4]), call(2, 'serve', [3]), call(3, 'write'), call(4, '(idle)')]
    // Each sample lasts until the next, and the last one for an unknown time.
    expect(lines(framesOf(profile(nodes, [2, 3, 3, 4, 4, 4]), 0, 1e9))).toEqual([
      'all 3000',
      '  serve 3000',
      '    write 2000',
    ])
  })

  it('merge the calls of one function by one caller', () => {
    const nodes = [
      call(1, '(root)', [2, 4]),
      call(2, 'serve', [3]),
      call(3, 'write'),
      call(4, 'serve', [5, 6]),
      call(5, 'write'),
      call(6, ''),
    ]
    expect(lines(framesOf(profile(nodes, [3, 5, 5, 6, 4, 1]), 0, 1e9))).toEqual([
      'all 5000',
      '  serve 5000',
      '    write 3000',
      '    (anonymous) 1000',
    ])
  })

  it('have no time from before or after the load', () => {
    const nodes = [call(1, '(root)', [2, 3]), call(2, 'start'), call(3, 'serve')]
    const { callees } = framesOf(profile(nodes, [2, 2, 3, 3, 2]), 8000, 10_000)
    expect(callees.map(({ name, micros }) => [name, micros])).toEqual([
      ['start', 0],
      ['serve', 2000],
    ])
  })

  it('name files without a path of the machine', () => {
    const root = 'file:///home/ann/hoptrace'
    expect(
      [
        `${root}/node_modules/.cache/built-0af1/packages/core/src/log/writer.js`,
        `${root}/node_modules/koa/node_modules/accepts/index.js`,
        `${root}/bench/servers/app.mjs`,
        'node:internal/http',
        '',
      ].map(packageFile),
    ).toEqual(['packages/core/src/log/writer.ts', 'accepts/index.js', 'app.mjs', 'node:internal/http', ''])
  })
})
