import { describe, it } from 'vitest'
import { hbaseUnavailableReason } from './index.js'
import { kerberosUnavailableReason } from './kdc.js'

interface Need {
  /** Why a suite that needs it cannot run here. */
  readonly reason: () => string | undefined
  readonly what: string
}

const realHBase: Need = { reason: hbaseUnavailableReason, what: 'real HBase' }
const kerberos: Need = { reason: kerberosUnavailableReason, what: 'Kerberos' }
const reasons = new Map<Need, string | undefined>()

/**
 * A suite that needs a real HBase; its name begins with `real HBase: `. If none can run, the suite is
 * skipped, and a line on the console says why, so that a skipped suite does not look passed. With
 * `HOPTRACE_REQUIRE_HBASE=1` it fails instead.
 */
export function describeRealHBase(name: string, tests: () => void): void {
  describeWith([realHBase], `real HBase: ${name}`, tests)
}

/** The same for a suite that needs a real HBase and a KDC. */
export function describeKerberos(name: string, tests: () => void): void {
  describeWith([realHBase, kerberos], `real HBase, Kerberos: ${name}`, tests)
}

function describeWith(needs: readonly Need[], fullName: string, tests: () => void): void {
  const lacking = needs.find((need) => reasonOf(need) !== undefined)
  const reason = lacking && reasonOf(lacking)
  if (reason !== undefined && process.env['HOPTRACE_REQUIRE_HBASE'] === '1') {
    describe(fullName, () => {
      it('can run here', () => {
        throw new Error(`HOPTRACE_REQUIRE_HBASE=1, but ${lacking?.what} cannot run here: ${reason}`)
      })
    })
    return
  }
  describe.skipIf(reason)(fullName, tests)
}

function reasonOf(need: Need): string | undefined {
  if (!reasons.has(need)) {
    const reason = need.reason()
    reasons.set(need, reason)
    if (reason !== undefined) console.warn(`tests with ${need.what} are skipped: ${reason}`)
  }
  return reasons.get(need)
}
