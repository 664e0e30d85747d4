import { describe, it } from 'vitest'
import { hbaseUnavailableReason } from './index.js'

let warned = false
let checked: { readonly reason: string | undefined } | undefined

/**
 * A suite that needs a real HBase; its name begins with `real HBase: `. If none can run, the suite is
 * skipped, and a line on the console says why, so that a skipped suite does not look passed. With
 * `HOPTRACE_REQUIRE_HBASE=1` it fails instead.
 */
export function describeRealHBase(name: string, tests: () => void): void {
  checked ??= { reason: hbaseUnavailableReason() }
  const { reason } = checked
  const fullName = `real HBase: ${name}`
  if (reason !== undefined && process.env['HOPTRACE_REQUIRE_HBASE'] === '1') {
    describe(fullName, () => {
      it('can run here', () => {
        throw new Error(`HOPTRACE_REQUIRE_HBASE=1, but no HBase can run here: ${reason}`)
      })
    })
    return
  }
  if (reason !== undefined && !warned) {
    warned = true
    console.warn(`tests against a real HBase are skipped: ${reason}`)
  }
  describe.skipIf(reason)(fullName, tests)
}
