// Bundles a package for processes that run in the checkout. A package has hundreds of modules, and most of a short process's CPU would go into
// loading them one by one. Entries of a package share their state, also with what they load late: they are one bundle, in parts.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

export const tsconfigRaw = { compilerOptions: { target: 'ES2023', verbatimModuleSyntax: true } }

/**
 * The files that a package's entries become: each with the name of its `entry`, on the path of its copy; and in `parts`, what several of them need.
 * A part's name changes with its content, so a process that runs while another one bundles finds the parts that belong together.
 */
export async function bundle({ folder, entries, root, copies, run }) {
  const outdir = path.join(copies, folder)
  const { outputFiles, metafile } = await run({
    absWorkingDir: root,
    entryPoints: entries,
    outbase: folder,
    outdir,
    chunkNames: 'parts/[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    // What a package says of its published files does not hold for its sources.
    ignoreAnnotations: true,
    sourcemap: 'linked',
    sourcesContent: false,
    tsconfigRaw,
    metafile: true,
    write: false,
    logLevel: 'warning',
    plugins: [
      inPlace(path.join(root, folder, 'src'), (file) => path.join(copies, path.relative(root, file))),
    ],
  })
  const entryOf = (file) => metafile.outputs[path.relative(root, file)]?.entryPoint
  const files = outputFiles.map(({ path: file, contents }) => ({ file, contents, entry: entryOf(file) }))
  // An entry must not be there before the parts that it imports.
  return files.sort((a, b) => Number(a.entry !== undefined) - Number(b.entry !== undefined))
}

/** A module still knows the path of its copy, and finds there what it names by a relative URL, or imports from outside of the package. */
function inPlace(src, copyOf) {
  const isInside = (file) => file.startsWith(src + path.sep)
  return {
    name: 'in-place',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ path: named, resolveDir }) => {
        const file = path.resolve(resolveDir, named)
        return isInside(file) ? undefined : { path: copyOf(file), external: true }
      })
      onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
        const text = readFileSync(file, 'utf8')
        if (!text.includes('import.meta.url')) return undefined
        const url = pathToFileURL(copyOf(file).replace(/\.ts$/, '.js')).href
        return { contents: text.replaceAll('import.meta.url', JSON.stringify(url)), loader: 'ts' }
      })
    },
  }
}
