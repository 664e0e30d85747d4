import type { Socket } from 'node:net'
import { fakeServer, frame } from './fake-server.fixture.js'
import { cellType, encodeCells } from './rpc/cell-block.js'
import { FrameReader } from './rpc/frame-reader.js'
import * as proto from './proto/hbase.js'
import { decode, encode, encodeDelimited, type Message } from './proto/message.js'

/** A region in the fake hbase:meta: its start, its end, and its id; newer ids replace older ones. */
export interface FakeRegion {
  start: string
  end: string
  id: number
  /** Not open on any server. */
  closed?: boolean
}

/** A cell of an answer: row, qualifier, value. */
export type FakeCell = readonly [row: string, qualifier: string, value: Uint8Array | string]

/** An answer: a message with cells, or the class name of an exception. */
export type Answer = { schema: Message; message: Record<string, unknown>; cells?: FakeCell[] } | string

/** The state of the fake cluster; a test may change it at any time. */
export interface FakeCluster {
  url: string
  regions: FakeRegion[]
  state: proto.TableStateValue | undefined
  /** Look-ups in hbase:meta so far. */
  lookups: number
  /** Answers `Get` and `Multi`. For a get, the region's name says which region was asked. */
  /** From now on, open connections get no answer; new ones do. */
  freeze(): void
  answer: (method: string, regionName: string, request: Buffer) => Answer
  [Symbol.asyncDispose](): Promise<void>
}

/** The name of a region of table `t`. */
export const regionName = ({ start, id }: FakeRegion) => `t,${start},${id}.0123456789abcdef0123456789abcdef.`

/** A get that finds one cell. */
export const found = (row: string, value: string): Answer => ({
  schema: proto.GetResponse,
  message: { result: { associatedCellCount: 1 } },
  cells: [[row, 'q', value]],
})

/** A one-server cluster with a table `t`. It speaks enough of the protocol for look-ups, gets and puts. */
export async function fakeCluster(): Promise<FakeCluster> {
  let readers = new WeakMap<Socket, (data: Buffer) => void>()
  const server = await fakeServer({
    onConnection: (socket) => readers.set(socket, connectionReader(cluster, socket)),
    onData: (socket, data) => readers.get(socket)?.(data),
  })
  const cluster: FakeCluster = {
    url: server.url,
    regions: [{ start: '', end: '', id: 1 }],
    state: 0,
    lookups: 0,
    freeze: () => (readers = new WeakMap()),
    answer: () => 'x.NotImplemented',
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
  return cluster
}

function connectionReader(cluster: FakeCluster, socket: Socket): (data: Buffer) => void {
  const reader = new FrameReader(1 << 26)
  let preamble = true
  return (data) => {
    // The first six bytes of a connection are not a frame; the connection header after them looks like one.
    const rest = preamble ? data.subarray(6) : data
    const skipHeader = preamble
    let index = 0
    preamble = false
    reader.push(rest, (request) => {
      if (!(skipHeader && index++ === 0)) socket.write(respond(cluster, request))
    })
  }
}

function respond(cluster: FakeCluster, request: Buffer): Buffer {
  const [headerBytes, parameter] = splitDelimited(request)
  const { callId, methodName } = decode(proto.RequestHeader, headerBytes)
  const answer = dispatch(cluster, methodName, splitDelimited(parameter)[0])
  if (typeof answer === 'string') {
    const exception = { exceptionClassName: answer, stackTrace: answer }
    return frame(encodeDelimited(proto.ResponseHeader, { callId, exception }))
  }
  const family = Buffer.from('f')
  const cells = encodeCells(
    (answer.cells ?? []).map(([row, qualifier, value]) => ({
      row: Buffer.from(row),
      family,
      qualifier: Buffer.from(qualifier),
      timestamp: 1n,
      type: cellType.put,
      value: Buffer.from(value),
    })),
  )
  const header = encodeDelimited(proto.ResponseHeader, { callId, cellBlockMeta: { length: cells.bytes } })
  return frame(header, encodeDelimited(answer.schema, answer.message as never), ...cells.pieces)
}

function dispatch(cluster: FakeCluster, method: string, parameter: Buffer): Answer {
  const self = { hostName: '127.0.0.1', port: Number(cluster.url.split(':').at(-1)), startCode: 1n }
  if (method === 'GetMetaRegionLocations') {
    const regionInfo = {
      regionId: 1n,
      tableName: { namespace: Buffer.from('hbase'), qualifier: Buffer.from('meta') },
    }
    return {
      schema: proto.GetMetaRegionLocationsResponse,
      message: { metaLocations: [{ regionInfo, serverName: self, seqNum: 0n }] },
    }
  }
  if (method === 'Multi') return cluster.answer(method, '', parameter)
  if (method === 'Get') {
    const { region } = decode(proto.GetRequest, parameter)
    return cluster.answer(method, Buffer.from(region?.value ?? []).toString(), parameter)
  }
  const { scan } = decode(proto.ScanRequest, parameter)
  const cells = scan?.reversed ? lookUp(cluster, Buffer.from(scan.startRow).toString()) : tableState(cluster)
  const message = {
    cellsPerResult: cells.length > 0 ? [cells.length] : [],
    moreResults: false,
    moreResultsInRegion: false,
  }
  return { schema: proto.ScanResponse, message, cells }
}

function lookUp(cluster: FakeCluster, searchKey: string): FakeCell[] {
  cluster.lookups++
  const row = searchKey.slice('t,'.length, searchKey.lastIndexOf(','))
  const region = cluster.regions
    .filter(({ start }) => start <= row)
    .sort((a, b) => (a.start === b.start ? a.id - b.id : a.start < b.start ? -1 : 1))
    .at(-1)
  if (!region) return []
  const info = encode(proto.RegionInfo, {
    regionId: BigInt(region.id),
    tableName: { namespace: Buffer.from('default'), qualifier: Buffer.from('t') },
    startKey: Buffer.from(region.start),
    endKey: Buffer.from(region.end),
  })
  const name = regionName(region)
  const cells: FakeCell[] = [[name, 'regioninfo', Buffer.concat([Buffer.from('PBUF'), info])]]
  if (!region.closed) cells.push([name, 'server', cluster.url.slice('hbase://'.length)])
  return cells
}

function tableState({ state }: FakeCluster): FakeCell[] {
  return state === undefined ? [] : [['t', 'state', encode(proto.TableState, { state })]]
}

function splitDelimited(bytes: Buffer): [Buffer, Buffer] {
  let length = 0
  let at = 0
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0
    length += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  return [bytes.subarray(at, at + length), bytes.subarray(at + length)]
}
