#!/usr/bin/env node
// Checked in, so that it can be linked before anything is built. A checkout runs its sources, which a build may be behind of;
// the package holds no sources and runs what was built.
import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const source = new URL('../src/main.ts', import.meta.url)
if (existsSync(source)) {
  const { build, built } = await import('../../../dev/built.mjs')
  await build()
  await import(pathToFileURL(built(source)).href)
} else {
  await import('../dist/main.js')
}
