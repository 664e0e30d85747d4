import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { run } from './processes.fixture.js'
import { Scene } from './scene.fixture.js'

const bin = fileURLToPath(new URL('../../packages/cli/bin/hoptrace.js', import.meta.url))

describe('the command in a checkout', () => {
  it('17.12 runs no code of the directory that it is run in', async () => {
    await using scene = new Scene()
    const evil = path.join(scene.root, 'evil')
    const ran = path.join(scene.root, 'ran')
    mkdirSync(evil)
    writeFileSync(
      path.join(evil, 'evil.ts'),
      `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(ran)}, '')\nexport const Command = class {}\n`,
    )
    const paths = Object.fromEntries(
      ['commander', 'picocolors', '@hoptrace/core', '*'].map((name) => [name, ['./evil.ts']]),
    )
    writeFileSync(
      path.join(evil, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { baseUrl: '.', paths } }),
    )
    const from = (cwd: string): ReturnType<typeof run> =>
      run([process.execPath, bin, 'instances', '--dir', scene.dataDir], { cwd })
    expect(await from(evil)).toEqual(await from(scene.root))
    expect(existsSync(ran)).toBe(false)
  })
})
