// JavaScript of the workspace's sources, for processes that tests and programs start: Node loads it several times as fast as
// TypeScript through a loader. Each module of `*/src` has its copy below `copies`, on the same path; links lead to all other files.
// What a package exports, and what starts a process of it, is a bundle and no copy (`bundle.mjs`). If another workspace imports a module by its
// path, it gets the copy, whose state is separate from that of the bundle.
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle, tsconfigRaw } from './bundle.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'))

/** Another version of these files or of esbuild makes other copies; `npm ci` removes all of them. */
const version = createHash('sha256')
  .update(readFileSync(new URL(import.meta.url)))
  .update(readFileSync(new URL('bundle.mjs', import.meta.url)))
  .update(readJson(path.join(root, 'node_modules/esbuild/package.json')).version)
  .digest('hex')
  .slice(0, 8)
const copies = path.join(root, 'node_modules/.cache', `built-${version}`)
/** Processes that were started from an earlier bundle still load its parts. */
const partsMillis = 86_400_000

/** @type {import('./built.d.mts').built} */
export function built(source) {
  const file = source instanceof URL || source.startsWith('file:') ? fileURLToPath(source) : source
  const relative = path.relative(file.startsWith(copies) ? copies : root, file)
  return path.join(copies, relative.replace(/\.ts$/, '.js'))
}

/** @type {import('./built.d.mts').build} */
export async function build() {
  const workspaces = foldersOfWorkspaces()
  const changed = []
  const bundles = []
  // Folders that have a workspace in them, or are one, are folders there too.
  const made = new Set(['node_modules', '.git', ...workspaces, ...workspaces.map(path.dirname)])
  for (const folder of new Set(['.', ...workspaces.map(path.dirname)]))
    linkAll(folder, (name) => !made.has(path.join(folder, name)))
  for (const folder of workspaces) {
    linkAll(folder, (name) => name !== 'src' && name !== 'package.json')
    const manifest = readJson(path.join(root, folder, 'package.json'))
    writeWhenOther(path.join(copies, folder, 'package.json'), JSON.stringify(withBuiltExports(manifest)))
    link(path.join(copies, folder), path.join(copies, 'node_modules', manifest.name))
    const entries = entryPoints(folder, manifest)
    const ofFolder = []
    copyFolder(path.join(folder, 'src'), ofFolder)
    changed.push(...ofFolder.filter(({ name }) => !entries.includes(name)))
    if (entries.length > 0 && ofFolder.length > 0) bundles.push({ folder, entries })
  }
  if (changed.length === 0 && bundles.length === 0) return
  const { build: run, transform } = await import('esbuild')
  // The times of the copies say what was built, so they come last.
  await Promise.all(bundles.map((one) => writeBundle(one, run)))
  await Promise.all(changed.map((file) => transpile(file, transform)))
}

async function writeBundle({ folder, entries }, run) {
  const sources = new Map(entries.map((entry) => [entry, statSync(path.join(root, entry))]))
  const files = await bundle({ root, copies, folder, entries, run })
  for (const { file, contents, entry } of files)
    replace(file, sources.get(entry) ?? { mtime: new Date() }, (to) => writeFileSync(to, contents))
  const written = new Set(files.map(({ file }) => file))
  for (const name of namesIn(path.join(copies, folder, 'parts'))) {
    const part = path.join(copies, folder, 'parts', name)
    if (!written.has(part) && Date.now() - statOf(part)?.mtimeMs > partsMillis) rmSync(part, { force: true })
  }
}

/** Of a package, what others import, what starts a process, and what its tests start one with. */
function entryPoints(folder, { exports = {}, hoptrace: { programs = [] } = {} }) {
  const exported = Object.values(exports).flatMap((conditions) => conditions['@hoptrace/source'] ?? [])
  if (exported.length === 0) return []
  const sources = [...exported, ...programs.map(({ source }) => source)].map((source) =>
    path.join(folder, source),
  )
  const fixtures = readdirSync(path.join(root, folder, 'src'), { recursive: true })
    .filter((name) => name.endsWith('.fixture.ts'))
    .map((name) => path.join(folder, 'src', name))
  return [...new Set([...sources, ...fixtures])]
}

function foldersOfWorkspaces() {
  return (
    readJson(path.join(root, 'package.json'))
      .workspaces.flatMap((name) =>
        name.endsWith('/*')
          ? foldersIn(path.join(root, name.slice(0, -2))).map((one) => name.slice(0, -1) + one)
          : [name],
      )
      // Examples run what the packages publish.
      .filter((folder) => !folder.startsWith('examples/'))
      .filter((folder) => statOf(path.join(root, folder, 'package.json')) !== undefined)
  )
}

/** A package's entries are its sources' copies, and nothing else that it may have. */
function withBuiltExports({ exports = {}, ...manifest }) {
  const entries = Object.entries(exports)
    .filter(([, conditions]) => conditions['@hoptrace/source'] !== undefined)
    .map(([name, conditions]) => [name, conditions['@hoptrace/source'].replace(/\.ts$/, '.js')])
  return entries.length === 0 ? manifest : { ...manifest, exports: Object.fromEntries(entries) }
}

/** Copies what changed, removes what is gone, and adds to `changed` what has to be transpiled. */
function copyFolder(folder, changed) {
  const expected = new Set()
  for (const entry of entriesOf(path.join(root, folder))) {
    const name = path.join(folder, entry.name)
    if (entry.isDirectory()) {
      expected.add(entry.name)
      copyFolder(name, changed)
      continue
    }
    if (name.endsWith('.test.ts')) continue
    const copy = name.replace(/\.ts$/, '.js')
    expected.add(path.basename(copy))
    const source = statOf(path.join(root, name))
    if (source === undefined || sameTime(source, statOf(path.join(copies, copy)))) continue
    if (copy !== name) changed.push({ name, copy, source })
    else replace(path.join(copies, copy), source, (to) => copyFileSync(path.join(root, name), to))
  }
  for (const name of namesIn(path.join(copies, folder)))
    if (!expected.has(name) && !name.startsWith('.'))
      rmSync(path.join(copies, folder, name), { recursive: true, force: true })
}

async function transpile({ name, copy, source }, transform) {
  const file = path.join(root, name)
  const { code } = await transform(readFileSync(file, 'utf8'), {
    loader: 'ts',
    target: 'node20',
    sourcefile: file,
    sourcemap: 'inline',
    sourcesContent: false,
    tsconfigRaw,
  })
  replace(path.join(copies, copy), source, (to) => writeFileSync(to, code))
}

/** The copy is there at once and whole, also for processes that build at the same time; its time says of which source it is. */
function replace(file, { mtime }, write) {
  const written = path.join(path.dirname(file), `.${process.pid}-${path.basename(file)}`)
  mkdirSync(path.dirname(file), { recursive: true })
  write(written)
  utimesSync(written, mtime, mtime)
  renameSync(written, file)
}

function sameTime(source, copy) {
  return copy !== undefined && source.mtime.getTime() === copy.mtime.getTime()
}

function linkAll(folder, wanted) {
  for (const name of namesIn(path.join(root, folder)).filter(wanted))
    link(path.join(root, folder, name), path.join(copies, folder, name))
}

function link(target, from) {
  const relative = path.relative(path.dirname(from), target)
  try {
    if (readlinkSync(from) === relative) return
  } catch {
    // There is none.
  }
  mkdirSync(path.dirname(from), { recursive: true })
  const made = path.join(path.dirname(from), `.${process.pid}-${path.basename(from)}`)
  symlinkSync(relative, made)
  renameSync(made, from)
}

function writeWhenOther(file, text) {
  try {
    if (readFileSync(file, 'utf8') === text) return
  } catch {
    // There is none.
  }
  replace(file, { mtime: new Date() }, (to) => writeFileSync(to, text))
}

function namesIn(folder) {
  return entriesOf(folder).map(({ name }) => name)
}

function foldersIn(folder) {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
}

function entriesOf(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}

function statOf(file) {
  return statSync(file, { throwIfNoEntry: false })
}
