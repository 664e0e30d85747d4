import { createDecipheriv, hkdfSync, type Decipher } from 'node:crypto'
import { aesKey, encryptBlock, type AesKey } from './aes.js'
import { hexOfWords } from './hex.js'
import { isHopId } from './hop-id.js'
import type { HopId } from './types.js'
import { readWords } from './words.js'

/** The HKDF info text under which the sealing key is derived from the cluster key. Part of the wire format. */
export const SEAL_INFO = 'hoptrace seal v1'

/** What seals and unseals ids under one cluster key. Made once; holds no state that an id could disturb. */
export interface SealKey {
  readonly aes: AesKey
  readonly decipher: Decipher
}

/**
 * The sealing key of a cluster: HKDF-SHA256 of the cluster key's UTF-8 bytes, empty salt, info {@link SEAL_INFO}, 16 bytes.
 * An id is exactly one block and ids never repeat, so AES-128-ECB of it is a permutation that leaks nothing; ECB keeps no
 * state between blocks, so one decipher object serves all of them.
 * @throws TypeError when the cluster key is empty.
 */
export const deriveSealKey = (clusterKey: string): SealKey => {
  if (clusterKey === '') throw new TypeError('the cluster key must not be empty')
  return new DerivedSealKey(Buffer.from(hkdfSync('sha256', clusterKey, '', SEAL_INFO, 16)))
}

/** Makes each direction when an id first goes that way: most processes never unseal one, and their shipping threads never seal one. */
class DerivedSealKey implements SealKey {
  readonly #key: Buffer
  #aes: AesKey | undefined
  #decipher: Decipher | undefined

  constructor(key: Buffer) {
    this.#key = key
  }

  get aes(): AesKey {
    return (this.#aes ??= aesKey(this.#key))
  }

  get decipher(): Decipher {
    return (this.#decipher ??= createDecipheriv('aes-128-ecb', this.#key, null).setAutoPadding(false))
  }
}

/** The sealed form of an id: the form of an id, but its fields tell neither address nor time. */
export const sealId = (key: SealKey, id: HopId): HopId => {
  readWords(id, block)
  encryptBlock(key.aes, block)
  return hexOfWords(block[0] as number, block[1] as number, block[2] as number, block[3] as number) as HopId
}

const block = new Int32Array(4)

/**
 * The id of a sealed form, or undefined when `text` is not 32 lowercase hex digits. Any other text gives some id: whether it
 * means anything, a look-up tells.
 */
export const unsealId = (key: SealKey, text: string): HopId | undefined => {
  if (!isHopId(text)) return undefined
  const id = key.decipher.update(text, 'hex', 'hex')
  return isHopId(id) ? id : undefined
}
