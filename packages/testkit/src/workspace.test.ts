import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import config from '../../../vitest.config.js'
import { heavyProjects, projects, quickProjects } from '../../../vitest.workspace.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const packages = readdirSync(path.join(root, 'packages'), { withFileTypes: true })
  .filter(
    (entry) => entry.isDirectory() && existsSync(path.join(root, 'packages', entry.name, 'package.json')),
  )
  .map(({ name }) => `packages/${name}`)

interface Manifest {
  readonly name: string
  readonly description?: string
  readonly license?: string
  readonly keywords?: readonly string[]
  readonly engines?: { readonly node?: string }
  readonly sideEffects?: boolean | readonly string[]
  readonly files?: readonly string[]
  readonly exports?: Readonly<Record<string, string | { readonly '@hoptrace/source': string }>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly workspaces?: readonly string[]
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8')) as Manifest

const sourcesOf = (folder: string): string[] =>
  readdirSync(path.join(root, folder, 'src'), { recursive: true, encoding: 'utf8' })

describe('the list of test projects', () => {
  it('has every package, the apps and the benches, and nothing else', () => {
    expect([...projects].sort()).toEqual([...packages, 'apps', 'bench'].sort())
  })

  it.each(projects)('has no project without a test: %s', (folder) => {
    expect(sourcesOf(folder).filter((name) => name.endsWith('.test.ts'))).not.toEqual([])
  })

  it('has each test file of the repository in one project', () => {
    const files = ['packages', 'apps', 'bench', 'hostile'].flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .map((name) => path.posix.join(folder, name.replaceAll('\\', '/')))
        .filter((name) => name.endsWith('.test.ts') && !/\/(node_modules|dist)\//.test(name)),
    )
    const matches = (file: string, globs: readonly string[]): boolean =>
      globs.some((glob) => path.matchesGlob(file, glob))
    for (const file of files) {
      const taken = [...quickProjects, ...heavyProjects].filter(
        ({ include, exclude }) => matches(file, include) && !matches(file, exclude),
      )
      expect({ file, projects: taken.map(({ name }) => name) }).toEqual({
        file,
        projects: [expect.any(String)],
      })
    }
  })

  it('is in the configuration of vitest', () => {
    // Vitest 4 silently ignores a workspace file.
    expect(JSON.stringify(config)).toContain(JSON.stringify(quickProjects[0]?.include))
  })
})

describe('the packages of the workspace', () => {
  const globs = manifestOf('.').workspaces ?? []
  const folders = globs.flatMap((glob) =>
    glob.endsWith('/*')
      ? readdirSync(path.join(root, glob.slice(0, -2))).map((name) => glob.replace('*', name))
      : [glob],
  )
  const manifests = new Map(
    folders
      .filter((folder) => existsSync(path.join(root, folder, 'package.json')))
      .map(manifestOf)
      .map((manifest) => [manifest.name, manifest]),
  )

  it.each([...manifests.keys()])('do not depend on themselves by way of others: %s', (first) => {
    const seen = new Set<string>()
    const visit = (name: string): void => {
      const { dependencies, devDependencies } = manifests.get(name) ?? {}
      for (const other of Object.keys({ ...dependencies, ...devDependencies })) {
        if (seen.has(other) || !manifests.has(other)) continue
        seen.add(other)
        visit(other)
      }
    }
    visit(first)
    expect([...seen]).not.toContain(first)
  })
})

describe.each(packages)('%s', (folder) => {
  const manifest = manifestOf(folder)

  it('has in its manifest what npm shows', () => {
    expect(manifest.description).toBeTruthy()
    expect(manifest.license).toBe('Apache-2.0')
    expect(manifest.keywords?.length).toBeGreaterThan(2)
    expect(manifest.engines?.node).toBe('>=20.19')
    expect(manifest.sideEffects).toBeDefined()
  })

  it('has a README that begins with its name, and the licence', () => {
    const readme = readFileSync(path.join(root, folder, 'README.md'), 'utf8')
    expect(readme.split('\n')[0]).toBe(`# ${manifest.name}`)
    expect(readFileSync(path.join(root, folder, 'LICENSE'), 'utf8')).toBe(
      readFileSync(path.join(root, 'LICENSE'), 'utf8'),
    )
  })

  it('publishes its built sources, and no test', () => {
    expect(manifest.files?.filter((name) => name !== 'bin')).toEqual(['dist'])
    const build = JSON.parse(readFileSync(path.join(root, folder, 'tsconfig.build.json'), 'utf8')) as {
      exclude: readonly string[]
    }
    for (const name of sourcesOf(folder)) {
      const [, kind] = /\.(test|fixture|arbitrary)\.ts$/.exec(name) ?? []
      if (kind !== undefined) expect(build.exclude, name).toContain(`src/**/*.${kind}.ts`)
    }
    for (const [name, conditions] of Object.entries(manifest.exports ?? {})) {
      if (typeof conditions === 'string') {
        expect([name, conditions]).toEqual(['./package.json', './package.json'])
        continue
      }
      expect(existsSync(path.join(root, folder, conditions['@hoptrace/source'])), folder).toBe(true)
      // Its suites are for Vitest, which cannot be required.
      if (folder === 'packages/testkit') continue
      const built = conditions['@hoptrace/source'].replace(/^\.\/src\/(.*)\.ts$/, './dist/$1')
      const module = `${built}.module.mjs`
      expect(conditions).toMatchObject({
        import: { types: `${built}.d.mts`, module, default: `${built}.mjs` },
        require: { types: `${built}.d.ts`, module, default: `${built}.js` },
      })
    }
  })
})
