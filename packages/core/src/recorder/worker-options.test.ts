import { totalmem } from 'node:os'
import { describe, expect, it } from 'vitest'
import { workerOptions } from './worker-options.js'

describe('the shipping thread', () => {
  it('17.6 has a separate heap, far smaller than the machine, so that hostile files end only the thread', () => {
    const { maxOldGenerationSizeMb = Infinity, maxYoungGenerationSizeMb = Infinity } =
      workerOptions().resourceLimits ?? {}
    expect(maxOldGenerationSizeMb).toBeLessThanOrEqual(1024)
    expect(maxOldGenerationSizeMb).toBeLessThanOrEqual(Math.max(128, totalmem() / 4 / 2 ** 20))
    expect(maxYoungGenerationSizeMb).toBeLessThanOrEqual(64)
  })

  it('17.12 takes the flags by which modules are found, and none that would stop it', () => {
    const flags = ['--input-type=module', '-C', 'source', '--import', './app.js', '--conditions=a', '-e', 'x']
    const { execArgv, env } = workerOptions(flags, {
      NODE_OPTIONS: '--import ./app.js --preserve-symlinks',
      A: '1',
    })
    expect(execArgv).toEqual(['-C', 'source', '--conditions=a'])
    expect(env).toEqual({ A: '1', NODE_OPTIONS: '--preserve-symlinks' })
  })
})
