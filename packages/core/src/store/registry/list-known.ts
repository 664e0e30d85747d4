import { HoptraceError } from '../../base/errors.js'
import { withDeletions } from '../../record/kept.js'
import type { Registry, RegistryRows } from '../../record/instance-row.js'

/**
 * The rows that can be read now. Rejects when none can: from an empty registry of which a part is missing no answer follows.
 */
export async function listKnown(registry: Registry): Promise<RegistryRows> {
  const { rows, unread } = await registry.list()
  if (rows.length > 0 || unread.length === 0) return { rows: withDeletions(rows), unread }
  throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `the registry cannot be read: ${unread.join('; ')}`)
}
