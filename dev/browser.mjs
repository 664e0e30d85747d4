// A real browser and the page, for tests and for programs of the workspace.
import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { build } from 'vite'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export const browserPath = process.env['HOPTRACE_CHROMIUM'] ?? PLACES.find((place) => existsSync(place))

export const noBrowser = 'no browser found (Debian: apt-get install chromium; else HOPTRACE_CHROMIUM=path)'

/** @type {import('./browser.d.mts').startBrowser} */
export function startBrowser() {
  if (browserPath === undefined) throw new Error(noBrowser)
  return chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] })
}

/** @type {import('./browser.d.mts').builtPage} */
export async function builtPage() {
  const outDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-page-'))
  const configFile = fileURLToPath(new URL('../packages/ui/vite.config.ts', import.meta.url))
  const root = fileURLToPath(new URL('../packages/ui/page', import.meta.url))
  await build({ configFile, root, logLevel: 'warn', build: { outDir, emptyOutDir: true } })
  return outDir
}
