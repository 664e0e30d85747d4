import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { hex32 } from '../id/hex.js'
import { isHopId } from '../id/hop-id.js'
import { deriveSealKey, type SealKey } from '../id/seal.js'
import type { HopId } from '../id/types.js'
import { readWords } from '../id/words.js'
import { sipHash24, sipKey, type SipKey } from './siphash.js'

/** What a MAC is for: a MAC of one purpose is worth nothing for another. */
export type MacPurpose = 'row' | 'log' | 'question' | 'journal'

const macPurposes: readonly MacPurpose[] = ['row', 'log', 'question', 'journal']

/** The key of a cluster as text, and where it comes from. Can be copied between threads. */
export interface KeySource {
  readonly secret: string
  /** From the option `clusterKey` or `HOPTRACE_KEY`; false: the data directory keeps it. */
  readonly given: boolean
}

/** All keys that are derived from the one of the cluster. */
export interface ClusterKeys {
  /**
   * From the option `clusterKey` or `HOPTRACE_KEY`; false: the data directory keeps it, and it holds for that
   * directory only.
   */
  readonly given: boolean
  /** Eight hex digits that tell keys apart. They say nothing of the key. */
  readonly fingerprint: string
  /** Seals ids for those outside the cluster. */
  readonly seal: SealKey
  /**
   * Proves that a process of the cluster issued the id for a call of this trace: SipHash-2-4 of the 16 bytes
   * of the id and the 16 of the trace id, 16 hex digits. A trace id that is not 32 hex digits gets '', which
   * no process accepts.
   */
  contextTag(calleeId: HopId, traceId: string): string
  /**
   * Proves who answered this very call: SipHash-2-4 of the id as the caller sent it (16 bytes), the id of the
   * hop (16 bytes), and `service LF address` in UTF-8; 16 hex digits.
   */
  answerTag(assigned: HopId, hopId: HopId, service: string, address: string): string
  /** HMAC-SHA-256 of a text (its UTF-8) or bytes, the first 128 bits: 32 hex digits. */
  mac(purpose: MacPurpose, text: string | Uint8Array): string
}

/**
 * Derives the keys of a cluster: HKDF-SHA-256 of the secret's UTF-8 bytes, empty salt, info `hoptrace
 * <purpose> v1`.
 * @throws TypeError when the secret is empty. What is too weak to be given is refused by `checkClusterKey`.
 */
export function clusterKeys(secret: string, given: boolean): ClusterKeys {
  const seal = deriveSealKey(secret)
  const derive = (purpose: string, bytes: number): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, '', `hoptrace ${purpose} v1`, bytes))
  const context = sipKey(derive('context', 16))
  const answer = sipKey(derive('answer', 16))
  const macKeys = Object.fromEntries(
    macPurposes.map((purpose) => [purpose, createSecretKey(derive(purpose, 32))]),
  ) as Record<MacPurpose, KeyObject>
  return {
    given,
    fingerprint: derive('fingerprint', 4).toString('hex'),
    seal,
    contextTag: (calleeId, traceId) => {
      if (!putId(calleeId, 0) || !putId(traceId, 16)) return ''
      return tag(context, 32)
    },
    answerTag: (assigned, hopId, service, address) => {
      if (!putId(assigned, 0) || !putId(hopId, 16)) return ''
      const bytes = putPlace(service, address)
      return bytes < 0 ? '' : tag(answer, 32 + bytes)
    },
    mac: (purpose, text) => createHmac('sha256', macKeys[purpose]).update(text).digest('hex').slice(0, 32),
  }
}

/** Both ids and the text of a tag; one at a time is made. */
const scratch = new Uint8Array(4096)
const view = new DataView(scratch.buffer)
const words = new Int32Array(4)
const tailOfScratch = scratch.subarray(32)
const encoder = new TextEncoder()

let lastService = ''
let lastAddress = ''
let lastBytes = -1

/**
 * Writes `service LF address` behind the ids, and returns its bytes; -1 when it is too long for a header. A process answers with its own
 * most of the time: the same text is there already.
 */
function putPlace(service: string, address: string): number {
  if (lastBytes >= 0 && service === lastService && address === lastAddress) return lastBytes
  const text = `${service}\n${address}`
  // A character of UTF-16 takes three bytes at most.
  if (text.length * 3 > tailOfScratch.length) return -1
  lastService = service
  lastAddress = address
  lastBytes = encoder.encodeInto(text, tailOfScratch).written
  return lastBytes
}

function tag(key: SipKey, length: number): string {
  const hash = sipHash24(key, scratch, length)
  return hex32(swapped(hash[0] as number)) + hex32(swapped(hash[1] as number))
}

/** The bytes in the order in which the reference implementation writes them. */
function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}

/** Writes the 16 bytes of 32 lowercase hex digits; false when the text is something else. */
function putId(text: string, at: number): boolean {
  if (!isHopId(text)) return false
  readWords(text, words)
  for (let i = 0; i < 4; i++) view.setInt32(at + 4 * i, words[i] as number)
  return true
}
