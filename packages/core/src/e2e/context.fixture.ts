import { fold64, type HopId } from '../id/index.js'
import { clusterKeys, readDataDirKey } from '../key/index.js'

/** The headers of a caller of the cluster whose key the data directory keeps. */
export function contextOf(dataDir: string, id: HopId, traceId: string): Record<string, string> {
  const keys = clusterKeys(readDataDirKey(dataDir) ?? '', false)
  return {
    traceparent: `00-${traceId}-${fold64(id)}-01`,
    tracestate: `hoptrace=${id}-${keys.contextTag(id, traceId)}`,
  }
}
