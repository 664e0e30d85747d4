// Runs one of the workspace's programs from its source: node dev/run.mjs apps/src/demo/main.ts [arguments of the program]
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, built } from './built.mjs'

await build()
const program = built(path.resolve(process.argv[2] ?? ''))
process.argv.splice(1, 2, program)
await import(pathToFileURL(program).href)
