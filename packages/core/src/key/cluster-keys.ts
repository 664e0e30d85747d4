import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { hex64 } from '../id/hex.js'
import { deriveSealKey, type SealKey } from '../id/seal.js'
import type { HopId } from '../id/types.js'
import { hexHalf, readWords } from '../id/words.js'
import { sipHash24, sipKey, type SipKey } from './siphash.js'

/** What a MAC is for: a MAC of one purpose is worth nothing for another. */
export type MacPurpose = 'row' | 'log' | 'question' | 'journal'

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
  /** Whether `tag` is that one. */
  provesContext(tag: string, calleeId: HopId, traceId: string): boolean
  /**
   * Proves who answered this very call: SipHash-2-4 of the id as the caller sent it (16 bytes), the id of the
   * hop (16 bytes), and `service LF address` in ASCII; 16 hex digits. Anything else gets '', which no process
   * accepts.
   */
  answerTag(assigned: HopId, hopId: HopId, service: string, address: string): string
  /** Whether `tag` is that one. */
  provesAnswer(tag: string, assigned: HopId, hopId: HopId, service: string, address: string): boolean
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
  const macKeys = new Map<MacPurpose, KeyObject>()
  const macKey = (purpose: MacPurpose): KeyObject => {
    const key = macKeys.get(purpose) ?? createSecretKey(derive(purpose, 32))
    macKeys.set(purpose, key)
    return key
  }
  return {
    given,
    fingerprint: derive('fingerprint', 4).toString('hex'),
    seal,
    contextTag: (calleeId, traceId) => (hashContext(context, calleeId, traceId) ? tagOfHash() : ''),
    provesContext: (tag, calleeId, traceId) => hashContext(context, calleeId, traceId) && isTagOfHash(tag),
    answerTag: (assigned, hopId, service, address) =>
      hashAnswer(answer, assigned, hopId, service, address) ? tagOfHash() : '',
    provesAnswer: (tag, assigned, hopId, service, address) =>
      hashAnswer(answer, assigned, hopId, service, address) && isTagOfHash(tag),
    mac: (purpose, text) => createHmac('sha256', macKey(purpose)).update(text).digest('hex').slice(0, 32),
  }
}

/**
 * What a tag is over, as little-endian words: two ids, service and address. One tag at a time is made. A part that is there already is not
 * put again: a process that answers has just checked the id that it was sent, most hops take that id, and the place is the process's own.
 * Reading all of it again would cost more than the hash.
 */
const message = new Int32Array(128)
const maxPlaceChars = message.byteLength - 32 - 1
const idBytes = 32
const hash = new Int32Array(2)
/** The first id of the message; '' while it has none. */
let firstId = ''
/** Service and address of the message, and the bytes of all; 0 while it has none. */
let service = ''
let address = ''
let messageBytes = 0

function hashContext(key: SipKey, calleeId: string, traceId: string): boolean {
  if (!putIds(calleeId, traceId)) return false
  sipHash24(key, message, idBytes, hash)
  return true
}

function hashAnswer(key: SipKey, assigned: string, hopId: string, byService: string, at: string): boolean {
  if (!putIds(assigned, hopId) || !putPlace(byService, at)) return false
  sipHash24(key, message, messageBytes, hash)
  return true
}

/** False when one of them is not 32 lowercase hex digits. */
function putIds(first: string, second: string): boolean {
  if (first !== firstId) {
    firstId = ''
    if (!putId(first, 0)) return false
    firstId = first
  }
  if (second !== first) return putId(second, 4)
  for (let i = 0; i < 4; i++) message[4 + i] = message[i] as number
  return first !== ''
}

function putId(id: string, at: number): boolean {
  if (!readWords(id, message, at)) return false
  for (let i = at; i < at + 4; i++) message[i] = swapped(message[i] as number)
  return true
}

/** Writes `service LF address` behind the ids; false when it is not ASCII, or too long for a header. */
function putPlace(byService: string, at: string): boolean {
  if (messageBytes !== 0 && byService === service && at === address) return true
  messageBytes = 0
  if (byService.length + at.length > maxPlaceChars) return false
  let end = putAscii(byService, idBytes)
  if (end < 0) return false
  putByte(0x0a, end)
  end = putAscii(at, end + 1)
  if (end < 0) return false
  service = byService
  address = at
  messageBytes = end
  return true
}

/** Writes a text from byte `at` on, and returns where it ends; -1 when it is not ASCII. */
function putAscii(text: string, at: number): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return -1
    putByte(code, at + i)
  }
  return at + text.length
}

/** Bytes are put in order: the first one of a word clears the rest of it. */
function putByte(byte: number, at: number): void {
  const inWord = at & 3
  if (inWord === 0) message[at >> 2] = byte
  else message[at >> 2] = (message[at >> 2] as number) | (byte << (8 * inWord))
}

const tagChars = 16

/** The bytes of the hash in the order in which the reference implementation writes them. */
function tagOfHash(): string {
  return hex64(swapped(hash[0] as number), swapped(hash[1] as number))
}

function isTagOfHash(tag: string): boolean {
  return (
    tag.length === tagChars &&
    isWord(tag, 0, swapped(hash[0] as number)) &&
    isWord(tag, 8, swapped(hash[1] as number))
  )
}

function isWord(text: string, at: number, word: number): boolean {
  return hexHalf(text, at) === word >>> 16 && hexHalf(text, at + 4) === (word & 0xffff)
}

function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}
