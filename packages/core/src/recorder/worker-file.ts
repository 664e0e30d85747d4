import { existsSync } from '../files/index.js'

/** In the package: it shares its parts with the other files there, and loads some of them when they are needed. */
const inParts = 'hoptrace-thread.js'
/**
 * The same as one file, to be put beside a bundled application. The name is ours alone: a bundled application has its files in one directory,
 * and one of them may be called `worker.js`.
 */
const whole = 'hoptrace-worker.js'

/**
 * The file that the shipping thread runs: beside this module in a checkout, beside the bundle in the package. Undefined if an application was
 * bundled together with hoptrace, and the file was not put beside the result.
 */
export function workerFile(here = import.meta.url): URL | undefined {
  if (here.endsWith('.ts')) return new URL('./worker-source.mjs', here)
  if (here.endsWith('/recorder/worker-file.js')) return new URL('./worker.js', here)
  return [inParts, whole].map((name) => new URL(`./${name}`, here)).find((file) => existsSync(file))
}
