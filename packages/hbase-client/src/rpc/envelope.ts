import { type HBaseError, protocolError } from '../errors.js'
import { noBytes } from '../bytes.js'
import type { CellBlock } from './cell-block.js'
import { remoteError } from './remote-error.js'
import { withLength } from './sasl.js'
import { ConnectionHeader, RequestHeader, ResponseHeader } from '../proto/hbase.js'
import { decode, encode } from '../proto/message.js'

/** The RPC services of HBase; a connection speaks to one of them. */
export type Service = 'ClientMetaService' | 'ClientService' | 'MasterService'

/** The reply to a call: the protobuf message, and the cells that came with it. */
export interface Reply {
  readonly message: Buffer
  readonly cells: Buffer
}

/** A response: the id of its call, and the reply or the server's exception. */
export interface Response {
  readonly callId: number
  readonly outcome: Reply | HBaseError
}

const authenticationBytes = { simple: 80, kerberos: 81 } as const

/** The first bytes of a client: magic, version, authentication method. */
export function encodePreamble(authentication: keyof typeof authenticationBytes): Buffer {
  const preamble = Buffer.alloc(6)
  preamble.write('HBas', 'latin1')
  preamble[5] = authenticationBytes[authentication]
  return preamble
}

/**
 * What follows the preamble, or the exchange of SASL: who the user is, and the service that it wants. The version numbers matter: to a
 * client before 1.3 the server answers a Get with protobuf cells instead of a cell block.
 */
export function encodeConnectionHeader(service: Service, user: string): Buffer {
  const header = encode(ConnectionHeader, {
    userInfo: { effectiveUser: user },
    serviceName: service,
    cellBlockCodecClass: 'org.apache.hadoop.hbase.codec.KeyValueCodec',
    versionInfo: {
      version: '2.6.1',
      url: '',
      revision: '',
      user: '',
      date: '',
      srcChecksum: '',
      versionMajor: 2,
      versionMinor: 6,
    },
  })
  return withLength(header)
}

/** A request without its cells: frame length, header, parameter; `cells` follow on the wire. */
export function encodeRequest(
  callId: number,
  method: string,
  parameter: Uint8Array,
  cells: CellBlock | undefined,
  timeoutMillis: number,
): Buffer {
  const header = encode(RequestHeader, {
    callId,
    methodName: method,
    requestParam: true,
    timeout: Math.max(1, Math.floor(timeoutMillis)),
    ...(cells ? { cellBlockMeta: { length: cells.bytes } } : {}),
  })
  const bytes = varintBytes(header.length) + header.length + varintBytes(parameter.length) + parameter.length
  const request = Buffer.allocUnsafe(4 + bytes)
  let at = request.writeUInt32BE(bytes + (cells?.bytes ?? 0), 0)
  at = writeVarint(request, at, header.length)
  request.set(header, at)
  at = writeVarint(request, at + header.length, parameter.length)
  request.set(parameter, at)
  return request
}

/** Decodes a response frame. Throws `PROTOCOL` for an invalid one. `where` names the server in errors. */
export function decodeResponse(frame: Buffer, where: string): Response {
  const [headerBytes, afterHeader] = delimited(frame, 0)
  const header = parse(() => decode(ResponseHeader, headerBytes))
  const { callId, exception } = header
  if (exception) {
    const { exceptionClassName: className, stackTrace: text, doNotRetry } = exception
    return { callId, outcome: remoteError({ className, text, doNotRetry }, where) }
  }
  const cellBytes = header.cellBlockMeta?.length ?? 0
  const [message, afterMessage] =
    afterHeader < frame.length ? delimited(frame, afterHeader) : [noBytes, afterHeader]
  if (afterMessage + cellBytes !== frame.length)
    throw protocolError('a response whose parts do not fill its frame')
  return { callId, outcome: { message, cells: frame.subarray(afterMessage) } }
}

/** Runs a protobuf decoder; its errors become `PROTOCOL`. */
export function parse<T>(decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    throw protocolError('a message that cannot be decoded', error)
  }
}

function delimited(bytes: Buffer, start: number): [Buffer, number] {
  let length = 0
  let at = start
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]
    if (byte === undefined || shift > 28) throw protocolError('a message without a length')
    length += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  if (at + length > bytes.length) throw protocolError('a message longer than its frame')
  return [bytes.subarray(at, at + length), at + length]
}

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5
}

function writeVarint(into: Buffer, start: number, value: number): number {
  let at = start
  let rest = value
  for (; rest >= 0x80; rest >>>= 7) into[at++] = (rest & 0x7f) | 0x80
  into[at++] = rest
  return at
}
