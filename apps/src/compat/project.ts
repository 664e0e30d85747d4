import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { satisfies } from 'semver'
import { npm, pack } from '../e2e/installed.fixture.js'
import type { Subject } from './matrix.js'

/** A folder with the packed packages of this repository, what a part of the table needs, and the programs. */
export interface Project extends AsyncDisposable {
  readonly dir: string
  /** The version of what is installed for a subject; undefined: Node's own. */
  versionOf(subject: Subject): Promise<string | undefined>
  /** Does the subject's package say that it runs on this Node? */
  runsOn(subject: Subject, node: Node): Promise<boolean>
  /** Can the package be loaded there, without hoptrace? */
  loadsOn(subject: Subject, node: Node): Promise<boolean>
}

/** Installs what the subjects need. */
export async function install(subjects: readonly Subject[], tarballs: readonly string[]): Promise<Project> {
  const dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-compat-'))
  await writeFile(path.join(dir, 'package.json'), JSON.stringify({ name: 'compat', private: true }))
  const packages = new Set(subjects.flatMap(({ packages }) => packages))
  await npm(dir, 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages, ...tarballs)
  await cp(fileURLToPath(new URL('programs', import.meta.url)), dir, { recursive: true })
  const manifestOf = async ({ installed }: Subject): Promise<Manifest | undefined> =>
    installed === undefined
      ? undefined
      : (JSON.parse(
          await readFile(path.join(dir, 'node_modules', installed, 'package.json'), 'utf8'),
        ) as Manifest)
  return {
    dir,
    versionOf: async (subject) => (await manifestOf(subject))?.version,
    runsOn: async (subject, node) =>
      satisfies(node.version, (await manifestOf(subject))?.engines?.node ?? '*'),
    loadsOn: async ({ installed }, node) => {
      if (installed === undefined) return true
      // Nest wants it first.
      const metadata = installed.startsWith('@nestjs/') ? `await import('reflect-metadata');` : ''
      const program = `${metadata}await import('${installed}');process.exit()`
      const args = ['--input-type=module', '-e', program]
      return execute(node.path, args, { cwd: dir }).then(
        () => true,
        () => false,
      )
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true, maxRetries: 5 }),
  }
}

/** An executable of Node. */
export interface Node {
  readonly path: string
  readonly version: string
}

const execute = promisify(execFile)

interface Manifest {
  readonly version: string
  readonly engines?: { readonly node?: string }
}

/** Packs the packages of the repository at `root` into a folder that is removed with them. */
export async function packed(
  root: string,
): Promise<{ readonly tarballs: readonly string[] } & AsyncDisposable> {
  const dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-packed-'))
  await pack(dir, root)
  const tarballs = (await readdir(dir)).map((name) => path.join(dir, name))
  return { tarballs, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) }
}
