import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** This repository. */
export const repo = fileURLToPath(new URL('../../..', import.meta.url))

/** The packages that are published for applications. */
export const published = [
  'core',
  'hbase-client',
  'express',
  'koa',
  'fastify',
  'hono',
  'nest',
  'axios',
  'http',
  'fetch',
  'bullmq',
  'kafkajs',
  'mysql',
  'otel',
  'parquet',
  'redis',
  'node',
  'ui',
  'cli',
] as const

/** A project outside of the repository, in which the packed packages are installed. */
export interface InstalledProject extends AsyncDisposable {
  readonly dir: string
  readonly tarballs: readonly string[]
  write(name: string, text: string): Promise<string>
}

/** Builds and packs all packages, and installs them together with what is named. */
export async function installed(...beside: string[]): Promise<InstalledProject> {
  const dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-installed-'))
  await pack(dir, repo)
  await writeFile(path.join(dir, 'package.json'), JSON.stringify({ name: 'empty', private: true }))
  const tarballs = (await readdir(dir)).filter((name) => name.endsWith('.tgz')).map((name) => `./${name}`)
  await npm(dir, 'install', '--prefer-offline', '--no-audit', '--no-fund', ...beside, ...tarballs)
  return {
    dir,
    tarballs: tarballs.map((name) => path.join(dir, name)),
    write: async (name, text) => {
      const file = path.join(dir, name)
      await mkdir(path.dirname(file), { recursive: true })
      await writeFile(file, text)
      return file
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  }
}

/** Builds and packs all packages of the repository at `root` into a folder. */
export async function pack(dir: string, root: string): Promise<void> {
  await npm(root, 'run', 'build')
  const workspaces = published.flatMap((name) => ['--workspace', `packages/${name}`])
  await npm(root, 'pack', ...workspaces, '--pack-destination', dir)
}

/** How a program ended. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program of Node to its end. */
export function node(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return run(process.execPath, cwd, args, env)
}

/** Runs a command to its end. */
export async function run(
  command: string,
  cwd: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ran> {
  try {
    const options = { cwd, env: { ...clean(), ...env }, timeout: 300_000, maxBuffer: 1e8 }
    return { code: 0, ...(await execute(command, [...args], options)) }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string }
    return { code: typeof code === 'number' ? code : 1, stdout, stderr }
  }
}

/** The file of a package of this repository's `node_modules`. */
export function tool(...names: string[]): string {
  return path.join(repo, 'node_modules', ...names)
}

export async function npm(cwd: string, ...args: string[]): Promise<void> {
  await execute('npm', args, { cwd, env: clean(), timeout: 500_000, maxBuffer: 1e8 })
}

/** Without the variables that npm and Vitest set for this process: the project is another one. */
function clean(): NodeJS.ProcessEnv {
  const ours = /^npm_(?!config_)|^NODE_OPTIONS$|^NODE_ENV$|^VITEST|^HOPTRACE_|^FORCE_COLOR$/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
}
