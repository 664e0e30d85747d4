export { exchange, listen } from './adapter/exchange.js'
export { serveFetch } from './adapter/serve-fetch.js'
export type { ServedFetch } from './adapter/serve-fetch.js'
export type { KitRequest, KitResponse, Listening } from './adapter/exchange.js'
export { foreignContext, openKitTracer } from './adapter/kit-tracer.js'
export type { ForeignContext, KitTracer } from './adapter/kit-tracer.js'
export { comparableOutcome, inHop, outcomeOf, sendInHop } from './client/in-hop.js'
export type { Outcome } from './client/in-hop.js'
export { closedPort, SERVED_BY, startKitServer } from './client/server.js'
export type { KitServer, SeenRequest } from './client/server.js'
export type {
  ClientRequest,
  ClientResponse,
  ClientSubject,
  ClientSupports,
  KitClient,
} from './client/subject.js'
export { clientAdapterSuite } from './client/suite.js'
export { eventually } from './message/eventually.js'
export type { KitChannel, KitHandler, MessageSubject } from './message/subject.js'
export { messageAdapterSuite } from './message/suite.js'
export type {
  KitExchange,
  KitReply,
  KitRoute,
  ServerSetup,
  ServerSubject,
  ServerSupports,
} from './server/subject.js'
export { serverAdapterSuite } from './server/suite.js'
