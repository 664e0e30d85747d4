// Makes what a package publishes out of its sources: CommonJS files, so that `require` and `import` share one state, and for each entry a thin ES
// module, and an ES module for bundlers. `tsc` has written the declarations into `dist` before.
// node ../../dev/package.mjs, in the package's folder
//
// In package.json, `hoptrace.programs` are threads and commands, each a file that is started and not imported; `inParts` is the same program as a
// file that shares its parts with the entries. `hoptrace.late` are functions of the
// package's root, each with the source that its first call loads.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const { exports: entries, hoptrace: { programs = [], late = {} } = {} } = JSON.parse(
  readFileSync('package.json', 'utf8'),
)
const started = programs.map(({ source }) => source)
const sources = Object.values(entries)
  .flatMap((conditions) => conditions['@hoptrace/source'] ?? [])
  .filter((source) => !started.includes(source))
const [root] = sources
/** Files that entries share are called so. */
const part = 'part'
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
  tsconfigRaw: { compilerOptions: { target: 'ES2023', verbatimModuleSyntax: true } },
  define: { 'import.meta.url': 'hoptraceFile' },
}
// Bundled once more, as an ES module, there may be no `__filename`.
const fileInCommonJs = `const hoptraceFile = typeof __filename === 'string' ? require('node:url').pathToFileURL(__filename).href : 'file:///bundled'`
const fileInModule = `import { pathToFileURL as hoptraceUrl } from 'node:url'
const hoptraceFile = typeof __filename === 'string' ? hoptraceUrl(__filename).href : (import.meta.url ?? 'file:///bundled')`

const namesOf = new Map()
for (const source of new Set([...sources, ...Object.values(late)])) namesOf.set(source, await namesIn(source))

/** The root without what is late, so that it does not load the sources of that. */
const withoutLate = {
  name: 'without-late',
  setup({ onLoad }) {
    const isRoot = new RegExp(`^${path.resolve(root).replaceAll('.', String.raw`\.`)}$`)
    onLoad({ filter: isRoot }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8').replace(/^export \{([^}]*)\} from/gm, (_, names) => {
        const kept = names.split(',').filter((name) => name.trim() !== '' && late[name.trim()] === undefined)
        return `export ${kept.length === 0 ? 'type ' : ''}{${kept.join()}} from`
      }),
      loader: 'ts',
    }))
  },
}

await buildCommonJs()
await buildForBundlers()
for (const source of sources) writeModule(source)
for (const { source, file } of programs) await buildProgram(source, file)
writeFileSync('dist/package.json', '{ "type": "commonjs" }\n')
// Before TypeScript 5.7, arrays of bytes had no parameter.
for (const file of readdirSync('dist', { recursive: true })) {
  if (!file.endsWith('.d.ts')) continue
  const text = readFileSync(`dist/${file}`, 'utf8')
  const plain = text.replace(/\b(Uint8Array|Buffer)<ArrayBuffer(?:Like)?>/g, '$1')
  if (plain !== text) writeFileSync(`dist/${file}`, plain)
}

/** A file for each entry, for each late source and for each program in parts, and files for what several of them need. */
async function buildCommonJs() {
  for (const name of readdirSync('dist')) if (name.startsWith(`${part}-`)) rmSync(`dist/${name}`)
  const { outputFiles, metafile } = await build({
    ...common,
    format: 'esm',
    splitting: true,
    entryPoints: [
      ...[...namesOf.keys()].map((source) => ({ in: source, out: placeOf(source) })),
      ...programs
        .filter(({ inParts }) => inParts !== undefined)
        .map(({ source, inParts }) => ({ in: source, out: inParts.replace(/\.js$/, '') })),
    ],
    outdir: 'dist',
    chunkNames: `${part}-[hash]`,
    metafile: true,
    write: false,
    plugins: [withoutLate],
  })
  const rootFile = path.resolve(`dist/${placeOf(root)}.js`)
  for (const { path: file, text } of outputFiles) {
    const code = asCommonJs(text)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, [`'use strict'`, ...code, ...(file === rootFile ? lateExports() : []), ''].join('\n'))
  }
  // A file that requires another takes its values once.
  for (const file of Object.keys(metafile.inputs))
    if (/^export (?:let|var) /m.test(readFileSync(file, 'utf8')))
      throw new Error(`${file} exports a variable that may change`)
}

/** An ES module that esbuild made, as CommonJS. What is imported does not change once it is loaded, so each file takes it once. */
function asCommonJs(module) {
  const text = module
    .replace(/^import (?:(?:([\w$]+),? )?(?:\{([^}]*)\} )?from )?("[^"]+");$/gm, (_, whole, names, from) => {
      const taken = [whole, names && `{${names.replaceAll(' as ', ': ')}}`].filter(Boolean)
      if (taken.length === 0) return `require(${from});`
      return taken.map((name) => `const ${name} = require(${from});`).join(' ')
    })
    .replace(
      /^export \{([^}]*)\};$/gm,
      (_, names) => `module.exports = {${names.replace(/([\w$]+) as ([\w$]+)/g, '$2: $1')}};`,
    )
  const [left] = /^(?:import|export) .*/m.exec(text) ?? []
  if (left !== undefined) throw new Error(`not made CommonJS: ${left}`)
  return [...(text.includes('hoptraceFile') ? [fileInCommonJs] : []), requiring(text)]
}

function lateExports() {
  return Object.entries(late).map(
    ([name, source]) =>
      `module.exports.${name} = (...given) => require('./${placeOf(source)}.js').${name}(...given);`,
  )
}

/** For bundlers alone, which take it for `import` and for `require`: what they make of CommonJS cannot load Node's own modules in an ES module. */
async function buildForBundlers() {
  const single = sources.length === 1
  await build({
    ...common,
    format: 'esm',
    banner: { js: fileInModule },
    stdin: {
      contents: sources.map((source) => `export * from '${source}'`).join('\n'),
      resolveDir: process.cwd(),
      loader: 'ts',
    },
    outfile: single ? `dist/${placeOf(root)}.module.mjs` : 'dist/bundle.module.mjs',
  })
  if (single) return
  for (const source of sources) {
    const place = placeOf(source)
    const bundle = path.posix.relative(path.posix.dirname(place), 'bundle.module.mjs')
    const from = bundle.startsWith('.') ? bundle : `./${bundle}`
    writeFileSync(`dist/${place}.module.mjs`, `export { ${namesOf.get(source).join(', ')} } from '${from}'\n`)
  }
}

/**
 * What `import` gets: the values of the CommonJS file. Node reads a file that a module imports, and what that one exports again, for names to
 * export; in Node 20 this takes longer than to load it. So there is a file between the two that shows no names.
 */
function writeModule(source) {
  const place = placeOf(source)
  const own = `./${path.basename(place)}.js`
  const between = `${path.basename(place)}.values.js`
  const names = namesOf.get(source).join(', ')
  writeFileSync(
    `dist/${path.posix.dirname(place)}/${between}`,
    `const all = require('${own}');\nmodule.exports = all;\n`,
  )
  writeFileSync(`dist/${place}.mjs`, `import all from './${between}'\nexport const { ${names} } = all\n`)
  writeFileSync(`dist/${place}.d.mts`, `export * from '${own}'\n`)
}

/** One file, which can be put next to a bundled application. One that is an entry is started by importing it, and shares its state with the others. */
async function buildProgram(source, file) {
  const isEntry = Object.values(entries).some((conditions) => conditions['@hoptrace/source'] === source)
  const { outputFiles } = await build({
    ...common,
    format: 'cjs',
    banner: { js: `'use strict'\n${fileInCommonJs}` },
    entryPoints: [source],
    external: isEntry ? ['./index.js'] : [],
    write: false,
  })
  writeFileSync(`dist/${file}`, requiring(outputFiles[0].text))
  if (!isEntry) return
  const place = placeOf(source)
  for (const form of ['mjs', 'module.mjs']) writeFileSync(`dist/${place}.${form}`, `import './${file}'\n`)
  writeFileSync(`dist/${place}.d.mts`, 'export {}\n')
}

/** Jest knows no `import()` in CommonJS: our own files and packages, which are loaded when they are needed, can be required as well. */
function requiring(code) {
  return code.replace(
    /\bimport\("(\.[^"]+|@hoptrace\/[\w-]+)"\)/g,
    'Promise.resolve().then(() => require("$1"))',
  )
}

/** Where the declarations of a source are, and where its entry is put: `src/store/index.ts` is `dist/store/index`. */
function placeOf(source) {
  return source.replace(/^\.\/src\//, '').replace(/\.ts$/, '')
}

/** What an entry exports, types aside. */
async function namesIn(source) {
  const { metafile } = await build({
    ...common,
    format: 'esm',
    entryPoints: [source],
    metafile: true,
    write: false,
    outdir: 'dist',
  })
  return Object.values(metafile.outputs)[0].exports.toSorted()
}
