import { describe, it } from 'vitest'
import { browserPath, noBrowser } from './browser.mjs'

/** A suite that looks at the page in a real browser. Where there is none it is skipped, with `HOPTRACE_REQUIRE_BROWSER=1` it fails. */
export function describeInBrowser(name: string, tests: () => void): void {
  if (browserPath !== undefined) return void describe(name, tests)
  if (process.env['HOPTRACE_REQUIRE_BROWSER'] === '1') {
    describe(name, () => {
      it('can run here', () => {
        throw new Error(`HOPTRACE_REQUIRE_BROWSER=1, but ${noBrowser}`)
      })
    })
    return
  }
  console.warn(`tests in a browser are skipped: ${noBrowser}`)
  describe.skip(name, tests)
}
