import { createCipheriv } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aesKey, encryptBlock } from './aes.js'

const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 })

function encrypted(key: Uint8Array, plain: Uint8Array): string {
  const block = new Int32Array(4)
  const view = new DataView(plain.buffer, plain.byteOffset, 16)
  for (let i = 0; i < 4; i++) block[i] = view.getInt32(i * 4)
  encryptBlock(aesKey(key), block)
  const out = Buffer.alloc(16)
  block.forEach((word, i) => out.writeInt32BE(word, i * 4))
  return out.toString('hex')
}

describe('AES-128 of one block', () => {
  it('gives the example of FIPS 197', () => {
    const key = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
    const plain = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
    expect(encrypted(key, plain)).toBe('69c4e0d86a7b0430d8cdb78070b4c55a')
  })

  it('gives what OpenSSL gives, for any key and block', () => {
    fc.assert(
      fc.property(bytes16, bytes16, (key, plain) => {
        const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false)
        expect(encrypted(key, plain)).toBe(cipher.update(plain).toString('hex'))
      }),
      { numRuns: 2000 },
    )
  })
})
