import { describe, expect, it } from 'vitest'
import type { Frame } from './cpu-profile.js'
import { flameGraph } from './flame-graph.js'

const frame = (name: string, micros: number, callees: Frame[] = [], file = 'koa/index.js'): Frame => ({
  name,
  file,
  micros,
  callees,
})
const tips = (picture: string): string[] =>
  [...picture.matchAll(/<title>(.*?)<\/title>/g)].map(([, tip]) => tip as string)

describe('a flame graph', () => {
  it('says of each frame its share of the whole, with what it called and alone', () => {
    const picture = flameGraph(
      'a server',
      frame('all', 1000, [frame('serve', 900, [frame('<write>', 300)])], ''),
    )
    expect(tips(picture)).toEqual([
      'all: 100.0 %, itself 10.0 %',
      'serve, koa/index.js: 90.0 %, itself 60.0 %',
      '&lt;write&gt;, koa/index.js: 30.0 %, itself 30.0 %',
    ])
    expect(picture).not.toContain('<script')
  })

  it('puts callees above their caller, the largest first and side by side', () => {
    const picture = flameGraph('', frame('all', 100, [frame('small', 25), frame('large', 75)]))
    const boxes = [...picture.matchAll(/<\/title><rect class="a" x="([\d.]+)" width="([\d.]+)"/g)]
    expect(boxes.map(([, x, width]) => [Number(x), Number(width)])).toEqual([
      [0, 1199.5],
      [0, 899.5],
      [900, 299.5],
    ])
    const [caller, callees] = [...picture.matchAll(/<g transform="translate\(0 (\d+)\)"><g>/g)].map(([, y]) =>
      Number(y),
    )
    expect(callees).toBeLessThan(caller as number)
  })

  it('leaves out what is below a share of the whole', () => {
    const all = frame('all', 1000, [frame('serve', 998), frame('rare', 2)])
    expect(tips(flameGraph('', all))).toHaveLength(2)
    expect(tips(flameGraph('', all, { leastShare: 0.001 }))).toHaveLength(3)
  })

  it('leaves out more if it would be too large', () => {
    const callees = Array.from({ length: 200 }, (_, i) => frame(`callee ${i}`, 200 - i / 2))
    const all = frame(
      'all',
      callees.reduce((sum, { micros }) => sum + micros, 0),
      callees,
    )
    const small = flameGraph('', all, { mostBytes: 20_000 })
    expect(Buffer.byteLength(small)).toBeLessThanOrEqual(20_000)
    expect(tips(small).length).toBeGreaterThan(50)
    expect(tips(flameGraph('', all)).length).toBeGreaterThan(tips(small).length)
  })
})
