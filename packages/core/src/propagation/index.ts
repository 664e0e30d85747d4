
export type { RawHeaders } from './headers.js'
export { carriesContext } from './carries-context.js'
export { noContext, readContext } from './inbound.js'
export type { InboundContext,  } from './inbound.js'
export { writeContext } from './outbound.js'
export type { OutboundContext,  WireRules } from './outbound.js'
export { readAnswer, responseHeaders } from './response.js'





