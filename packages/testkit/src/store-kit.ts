import { describe } from 'vitest'
import { integritySuite } from './store-kit-integrity.js'
import { layoutSuite } from './store-kit-layout.js'
import { rowSuite } from './store-kit-rows.js'
import { sharedSuite } from './store-kit-shared.js'
import type { StoreSubject } from './store-kit-subject.js'

export { realisticInstance, realisticRecords } from './store-kit-records.js'
export type { RealisticOptions } from './store-kit-records.js'
export type { StoreGround, StoreSubject } from './store-kit-subject.js'

/**
 * Declares the tests that every store passes: the contract on rows, and the layout of hoptrace on top of it.
 */
export function storeKit(subject: StoreSubject): void {
  describe(`${subject.name} keeps the store contract`, () => rowSuite(subject))
  describe(`${subject.name}, shared`, () => sharedSuite(subject))
  describe(`${subject.name}, damaged`, () => integritySuite(subject))
  describe(`${subject.name} under the layout`, () => layoutSuite(subject))
}
