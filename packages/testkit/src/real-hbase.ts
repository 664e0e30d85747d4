import { describe, it } from 'vitest'
import { hbaseUnavailableReason } from './hbase-dev.js'

let told = false
let checked: { readonly reason: string | undefined } | undefined

/**
 * A suite that needs a real HBase; its name begins with `real HBase: `. Where none can run, it is skipped and a line on the
 * console says why, so that nobody takes skipping for passing. With `HOPTRACE_REQUIRE_HBASE=1` it fails instead.
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
  if (reason !== undefined && !told) {
    told = true
    console.warn(`tests against a real HBase are skipped: ${reason}`)
  }
  describe.skipIf(reason)(fullName, tests)
}
