export { hopIdInText } from './id-in-text.js'
export { discoverAddress } from './address.js'

export { fold64 } from './fold64.js'
export { IdGenerator } from './generator.js'

export { formatHopId, hopIdAddress, hopIdNanos, isHopId, parseHopId } from './hop-id.js'
export { formatAddress, ipv4OfHost, parseAddress } from './ip.js'
export { rebaseId, sameStamp } from './rebase.js'
export { deriveSealKey, SEAL_INFO, sealId, unsealId } from './seal.js'

export type { HopId, TraceId } from './types.js'
