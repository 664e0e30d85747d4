import { describe, it } from 'vitest'
import { netUnavailableReason } from './available.js'

let told = false
let checked: { readonly reason: string | undefined } | undefined

/**
 * A suite that needs hosts in network namespaces; its name begins with `network: `. Where none can be made, it is skipped and a
 * line on the console says why. With `HOPTRACE_REQUIRE_NET=1` it fails instead.
 */
export function describeNetwork(name: string, tests: () => void): void {
  checked ??= { reason: netUnavailableReason() }
  const { reason } = checked
  const fullName = `network: ${name}`
  if (reason !== undefined && process.env['HOPTRACE_REQUIRE_NET'] === '1') {
    describe(fullName, () => {
      it('can run here', () => {
        throw new Error(`HOPTRACE_REQUIRE_NET=1, but there are no such networks here: ${reason}`)
      })
    })
    return
  }
  if (reason !== undefined && !told) {
    told = true
    console.warn(`tests over network namespaces are skipped: ${reason}`)
  }
  describe.skipIf(reason)(fullName, tests)
}
