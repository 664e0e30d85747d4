import { describe } from 'vitest'
import { testCalls } from './calls.js'
import { testFailures } from './failures.js'
import { testRequests } from './requests.js'
import { testRoutes } from './routes.js'
import type { ClientSubject } from './subject.js'

/**
 * Defines the whole suite of a client adapter: the same responses and errors as the bare client, and a call
 * for every outgoing request, in the log before the request leaves, with the outcome that the caller saw.
 * Call it at the top level of a test file.
 */
export function clientAdapterSuite(subject: ClientSubject): void {
  describe(`${subject.name}, as every client adapter,`, () => {
    testRequests(subject)
    testCalls(subject)
    testFailures(subject)
    testRoutes(subject)
  })
}
