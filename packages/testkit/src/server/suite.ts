import { describe } from 'vitest'
import { testAborts } from './aborts.js'
import { testByHand } from './by-hand.js'
import { testContext } from './context.js'
import { testEvents } from './events.js'
import { testHeaders } from './headers.js'
import { testMemory } from './memory.js'
import { testRecords } from './records.js'
import { testTransparency } from './transparency.js'
import type { ServerSubject } from './subject.js'

/**
 * Defines the whole suite of a server adapter: the same answers as the bare framework, correct records, no
 * leaking context, no harm from hostile headers, aborted requests or a tracer that cannot write. Call it once
 * for each major version of the framework, at the top level of a test file.
 */
export function serverAdapterSuite(subject: ServerSubject): void {
  describe(`${subject.name}, as every server adapter,`, () => {
    testTransparency(subject)
    if (subject.supports.nodeObjects !== false) testByHand(subject)
    testRecords(subject)
    testContext(subject)
    if (subject.supports.nodeObjects !== false) testEvents(subject)
    if (subject.supports.nodeObjects !== false) testMemory(subject)
    testHeaders(subject)
    testAborts(subject)
  })
}
