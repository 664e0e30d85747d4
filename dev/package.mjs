// Makes what a package publishes out of its sources: one CommonJS file for all its entries, so that `require` and `import` share one state,
// and for each entry a thin ES module beside it. `tsc` has written the declarations into `dist` before.
// node ../../dev/package.mjs, in the package's folder
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const { exports: entries, hoptrace: { programs = [] } = {} } = JSON.parse(
  readFileSync('package.json', 'utf8'),
)
const started = programs.map(({ source }) => source)
const sources = Object.values(entries)
  .flatMap((conditions) => conditions['@hoptrace/source'] ?? [])
  .filter((source) => !started.includes(source))
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
  tsconfigRaw: { compilerOptions: { target: 'ES2023', verbatimModuleSyntax: true } },
}
const asCommonJs = {
  ...common,
  format: 'cjs',
  define: { 'import.meta.url': 'hoptraceFile' },
  // Bundled once more, as an ES module, there may be no `__filename`.
  banner: {
    js: `'use strict'
const hoptraceFile = typeof __filename === 'string' ? require('node:url').pathToFileURL(__filename).href : 'file:///bundled'`,
  },
}

/** For bundlers alone, which take it for `import` and for `require`: what they make of CommonJS cannot load Node's own modules in an ES module. */
const asModule = {
  ...common,
  format: 'esm',
  define: { 'import.meta.url': 'hoptraceFile' },
  banner: {
    js: `import { pathToFileURL as hoptraceUrl } from 'node:url'
const hoptraceFile = typeof __filename === 'string' ? hoptraceUrl(__filename).href : (import.meta.url ?? 'file:///bundled')`,
  },
}

/** Where the declarations of a source are, and where its entry is put: `src/store/index.ts` is `dist/store/index`. */
const placeOf = (source) => source.replace(/^\.\/src\//, '').replace(/\.ts$/, '')

const single = sources.length === 1
const all = sources.map((source) => `export * from '${source}'`).join('\n')
await buildCommonJs({
  stdin: { contents: all, resolveDir: process.cwd(), loader: 'ts' },
  outfile: single ? `dist/${placeOf(sources[0])}.js` : 'dist/bundle.js',
})
await build({
  ...asModule,
  stdin: { contents: all, resolveDir: process.cwd(), loader: 'ts' },
  outfile: single ? `dist/${placeOf(sources[0])}.module.mjs` : 'dist/bundle.module.mjs',
})
for (const source of sources) {
  const place = placeOf(source)
  const names = await namesIn(source)
  const dir = path.dirname(`dist/${place}`)
  mkdirSync(dir, { recursive: true })
  if (!single) {
    const bundle = `${path.posix.relative(dir, 'dist') || '.'}/bundle.js`
    writeFileSync(
      `dist/${place}.module.mjs`,
      `export { ${names.join(', ')} } from '${bundle.replace(/js$/, 'module.mjs')}'\n`,
    )
    const lines = names.map((name) => `exports.${name} = bundle.${name}`)
    writeFileSync(
      `dist/${place}.js`,
      [`'use strict'`, `const bundle = require('${bundle}')`, ...lines, ''].join('\n'),
    )
  }
  const own = `./${path.basename(place)}.js`
  writeFileSync(`dist/${place}.mjs`, `import all from '${own}'\nexport const { ${names.join(', ')} } = all\n`)
  writeFileSync(`dist/${place}.d.mts`, `export * from '${own}'\n`)
}
// Threads and commands: files of their own, which are started and not imported. One that is an entry is started by importing it.
for (const { source, file } of programs) {
  const isEntry = Object.values(entries).some((conditions) => conditions['@hoptrace/source'] === source)
  // It shares its state with the other entries.
  const external = isEntry ? ['./index.js'] : []
  await buildCommonJs({ entryPoints: [source], outfile: `dist/${file}`, external })
  if (!isEntry) continue
  const place = placeOf(source)
  for (const form of ['mjs', 'module.mjs']) writeFileSync(`dist/${place}.${form}`, `import './${file}'\n`)
  writeFileSync(`dist/${place}.d.mts`, 'export {}\n')
}
writeFileSync('dist/package.json', '{ "type": "commonjs" }\n')
// Before TypeScript 5.7, arrays of bytes had no parameter.
for (const file of readdirSync('dist', { recursive: true })) {
  if (!file.endsWith('.d.ts')) continue
  const text = readFileSync(`dist/${file}`, 'utf8')
  const plain = text.replace(/\b(Uint8Array|Buffer)<ArrayBuffer(?:Like)?>/g, '$1')
  if (plain !== text) writeFileSync(`dist/${file}`, plain)
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
  const [output] = Object.values(metafile.outputs)
  return output.exports.toSorted()
}

/** Jest knows no `import()` in CommonJS: our own packages, which are loaded when they are needed, can be required as well. */
async function buildCommonJs(options) {
  await build({ ...asCommonJs, ...options })
  const text = readFileSync(options.outfile, 'utf8')
  const own = /\bimport\("(@hoptrace\/[\w-]+)"\)/g
  writeFileSync(options.outfile, text.replace(own, 'Promise.resolve().then(() => require("$1"))'))
}
