import type { InstanceRef } from '../../record/record.js'
import type { Lookup } from '../../record/lookup.js'
import { calleesOf } from '../verdict/attempts.js'
import type { Attempt, CalleeEvidence, EvidenceTree, HopEvidence, Place } from '../verdict/evidence.js'
import type { Reads } from '../walk/reads.js'
import {
  listOf,
  objectOf,
  oneOf,
  orNull,
  readFlag,
  readHopId,
  readNanos,
  readText,
  readWhole,
  type Reader,
} from '../../record/checks.js'
import { readRecord } from '../../record/record-json.js'

/** The answer to `hops/<id>`. */
export interface ToldJson {
  /** The run that answered. `blockedSince`: its process serves nothing since then, milliseconds since the epoch. */
  readonly instance: InstanceRef & { readonly blockedSince?: number }
  readonly lookup: Lookup
  readonly subtree: EvidenceTree | null
  readonly reads: Reads
}

const maxHops = 20_000
/** Of one hop. */
const maxAttempts = 1000
const maxCalls = 100_000
/** Of one assigned id. */
const maxOthers = 64

const readSource = oneOf('live', 'log', 'store')
const readLiveness = oneOf('alive', 'ended', 'unsure')

const readOthers = listOf(readHopId, maxOthers)

/** The lookup part of an answer. Left-out optional members stay left out. */
const readLookup: Reader<Lookup> = (value) => {
  const raw = value as Record<string, unknown> | null
  if (typeof raw !== 'object' || raw === null) return undefined
  if (raw['kind'] === 'found') {
    const found = objectOf({ record: readRecord, source: readSource })(raw)
    const liveness = readLiveness(raw['liveness'])
    const others = readOthers(raw['others'])
    return found === undefined
      ? undefined
      : {
          kind: 'found',
          ...found,
          ...(liveness === undefined ? {} : { liveness }),
          ...(others === undefined ? {} : { others }),
        }
  }
  if (raw['kind'] !== 'absent') return undefined
  const absent = objectOf({
    throughNanos: readNanos,
    final: readFlag,
    dropped: readFlag,
    source: readSource,
  })(raw)
  const aliveNanos = readNanos(raw['aliveNanos'])
  const damage = readText(1024)(raw['damage'])
  return absent === undefined
    ? undefined
    : {
        kind: 'absent',
        ...absent,
        ...(aliveNanos === undefined ? {} : { aliveNanos }),
        ...(damage === undefined ? {} : { damage }),
      }
}

const suspect = objectOf<Place>({ service: readText(512), instance: readText(512), hopId: readHopId })
const says = readText(2048)

const calleeReaders: {
  readonly [K in CalleeEvidence['kind']]: Reader<Omit<Extract<CalleeEvidence, { kind: K }>, 'kind'>>
} = {
  hop: objectOf({ node: readWhole }),
  untimely: objectOf({ suspect, says }),
  absent: objectOf({ proof: oneOf('not-taken', 'ended-during', 'ended', 'gone', 'waiting'), suspect, says }),
  unsure: objectOf({ suspect, says }),
  dropped: objectOf({ suspect, says }),
  unreadable: objectOf({ suspect, says }),
  untraced: objectOf({ suspect }),
  unregistered: objectOf({ suspect, says }),
  'other-key': objectOf({ suspect, says }),
  skipped: objectOf({ why: oneOf('hops', 'depth', 'deadline', 'cycle', 'foreign'), suspect, says }),
}

const readCallee: Reader<CalleeEvidence> = (value) => {
  const kind = (value as { kind?: unknown } | null)?.kind
  if (typeof kind !== 'string' || !Object.hasOwn(calleeReaders, kind)) return undefined
  const rest = calleeReaders[kind as CalleeEvidence['kind']](value)
  return rest === undefined ? undefined : ({ kind, ...rest } as CalleeEvidence)
}

const readPlainHop = objectOf<
  Omit<HopEvidence, 'outlived' | 'attempts' | 'passedOn' | 'blockedSince' | 'toldBy'>
>({
  record: readRecord,
  source: readSource,
  liveness: readLiveness,
  parent: orNull(readWhole),
  call: orNull(readWhole),
  callees: listOf(readCallee, maxCalls),
})

const readAttempts = listOf(objectOf<Attempt>({ call: readWhole, node: readWhole }), maxAttempts)

const readHop: Reader<HopEvidence> = (value) => {
  const hop = readPlainHop(value)
  if (hop === undefined) return undefined
  const { outlived, attempts, passedOn, blockedSince } = value as Partial<Record<keyof HopEvidence, unknown>>
  const several = attempts === undefined ? [] : readAttempts(attempts)
  const blocked = readWhole(blockedSince)
  const passed = passedOn === undefined ? 0 : readWhole(passedOn)
  if (several === undefined || passed === undefined || passed > hop.record.next.length) return undefined
  return {
    ...hop,
    ...(outlived === true ? { outlived } : {}),
    ...(several.length === 0 ? {} : { attempts: several }),
    ...(blocked === undefined ? {} : { blockedSince: blocked }),
    ...(passed === 0 ? {} : { passedOn: passed }),
  }
}

const readTree: Reader<EvidenceTree> = (value) => {
  const tree = objectOf<EvidenceTree>({
    hops: listOf(readHop, maxHops),
    notes: listOf(readText(1024), 1000),
    partial: readFlag,
  })(value)
  if (tree === undefined) return undefined
  const callees = tree.hops.map(calleesOf)
  return tree.hops.every((hop, index) => isLinked(callees, hop, index)) ? tree : undefined
}

/** Every hop hangs on one call of an earlier one. */
function isLinked(
  callees: readonly ReturnType<typeof calleesOf>[],
  hop: HopEvidence,
  index: number,
): boolean {
  if (hop.callees.length !== hop.record.next.length) return false
  if (index === 0) return hop.parent === null && hop.call === null
  if (hop.parent === null || hop.call === null || hop.parent >= index) return false
  return callees[hop.parent]?.(hop.call).includes(index) === true
}

const readReads = objectOf<Reads>({ instances: readWhole, scans: readWhole, bytes: readWhole })

const readRef = objectOf<InstanceRef>({ address: readText(64), worker: readWhole, startNanos: readNanos })

const readInstance: Reader<ToldJson['instance']> = (value) => {
  const ref = readRef(value)
  const since = readWhole((value as { blockedSince?: unknown } | null)?.blockedSince)
  return ref === undefined || since === undefined ? ref : { ...ref, blockedSince: since }
}

/** Reads an answer to `hops/<id>`; undefined when it is not one. */
export const readTold: Reader<ToldJson> = objectOf<ToldJson>({
  instance: readInstance,
  lookup: readLookup,
  subtree: orNull(readTree),
  reads: readReads,
})
