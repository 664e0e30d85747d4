import { describe, it } from 'vitest'
import { unavailableReason, type ServerKind } from './kinds.js'

const names: Readonly<Record<ServerKind, string>> = {
  mysql: 'real MariaDB',
  redis: 'real Redis',
  kafka: 'real Kafka',
}
const reasons = new Map<ServerKind, string | undefined>()

/**
 * A suite that needs a real MariaDB, Redis or Kafka. If none can run, the suite is skipped, and a line on the console says why, so that a skipped
 * suite does not look passed. With `HOPTRACE_REQUIRE_SERVERS=1` it fails instead.
 */
export function describeRealServer(kind: ServerKind, title: string, tests: () => void): void {
  const isKnown = reasons.has(kind)
  if (!isKnown) reasons.set(kind, unavailableReason(kind))
  const reason = reasons.get(kind)
  const fullName = `${names[kind]}: ${title}`
  if (reason !== undefined && process.env['HOPTRACE_REQUIRE_SERVERS'] === '1') {
    describe(fullName, () => {
      it('can run here', () => {
        throw new Error(`HOPTRACE_REQUIRE_SERVERS=1, but none can run here: ${reason}`)
      })
    })
    return
  }
  if (reason !== undefined && !isKnown) console.warn(`tests on a ${names[kind]} are skipped: ${reason}`)
  describe.skipIf(reason)(fullName, tests)
}
