import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser } from 'playwright-core'
import { build } from 'vite'
import { describe, it } from 'vitest'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser of this machine; undefined where there is none. */
const browserPath = process.env['HOPTRACE_CHROMIUM'] ?? PLACES.find((place) => existsSync(place))

/** A suite that looks at the page in a real browser. Where there is none it is skipped, with `HOPTRACE_REQUIRE_BROWSER=1` it fails. */
export function describeInBrowser(name: string, tests: () => void): void {
  const reason = `no browser found (Debian: apt-get install chromium; else HOPTRACE_CHROMIUM=path)`
  if (browserPath !== undefined) return void describe(name, tests)
  if (process.env['HOPTRACE_REQUIRE_BROWSER'] === '1') {
    describe(name, () => {
      it('can run here', () => {
        throw new Error(`HOPTRACE_REQUIRE_BROWSER=1, but ${reason}`)
      })
    })
    return
  }
  console.warn(`tests in a browser are skipped: ${reason}`)
  describe.skip(name, tests)
}

/** Starts the browser without a window. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: browserPath ?? '', args: ['--no-sandbox'] })
}

/** The page as its sources make it now, in a new folder. */
export async function builtPage(): Promise<string> {
  const outDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-page-'))
  const configFile = fileURLToPath(new URL('../packages/ui/vite.config.ts', import.meta.url))
  const root = fileURLToPath(new URL('../packages/ui/page', import.meta.url))
  await build({ configFile, root, logLevel: 'warn', build: { outDir, emptyOutDir: true } })
  return outDir
}
