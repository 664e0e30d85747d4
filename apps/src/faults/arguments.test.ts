import { describe, expect, it } from 'vitest'
import { parseFaultArguments, usage } from './arguments.js'
import { FAULTS } from './plan.js'

describe('the arguments of npm run faults', () => {
  it('have defaults: every fault, on loopback', () => {
    expect(parseFaultArguments([])).toMatchObject({
      runs: 20,
      seed: 7,
      faults: FAULTS,
      topologies: undefined,
      requests: undefined,
      damage: false,
      help: false,
    })
  })

  it('name faults and topologies', () => {
    const { faults } = parseFaultArguments(['--only', 'hang', '--only', 'sigkill'])
    expect(faults).toEqual(['sigkill', 'hang'])
    const { topologies, requests } = parseFaultArguments(['--topology', 'nginx,dnat', '--requests', '100'])
    expect([topologies, requests]).toEqual([['nginx', 'dnat'], 100])
  })

  it.each([
    [['--nonsense'], '--nonsense'],
    [['extra'], 'extra'],
    [['--only', 'nothing'], "--only has no 'nothing'"],
    [['--topology', 'nowhere'], "no such topology: 'nowhere'"],
    [['--store', 'redis'], '--store must be hbase or level'],
    [['--runs', '0'], '--runs must be a whole number, 1 or more'],
    [['--seed', ''], '--seed must be a whole number, 0 or more'],
    [['--jobs', '1.5'], '--jobs must be a whole number, 1 or more'],
  ])('%j is a TypeError that says so in one line', (argv, text) => {
    const parse = (): unknown => parseFaultArguments(argv)
    expect(parse).toThrow(TypeError)
    expect(parse).toThrow(text)
    expect(parse).not.toThrow('\n')
  })

  it('are all in the usage', () => {
    for (const name of Object.keys(parseFaultArguments([])).filter(
      (key) => !['faults', 'topologies', 'help'].includes(key),
    ))
      expect(usage).toContain(`--${name} `)
    for (const name of ['--only ', '--topology ', ...FAULTS]) expect(usage).toContain(name)
  })
})
