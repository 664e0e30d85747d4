// Where the sources run without a build, as in unit tests, the thread runs what was made of them.
import { pathToFileURL } from 'node:url'
import { built } from '../../../../dev/built.mjs'

await import(pathToFileURL(built(new URL('worker.ts', import.meta.url))).href)
