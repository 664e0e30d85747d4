import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { comparable } from '../adapter/exchange.js'
import { kitErrors } from './routes.js'
import { startBare, startTraced, type RunningSubject } from './running.js'
import { samples } from './samples.js'
import type { ServerSubject } from './subject.js'

const KNOWN_ERRORS = new Set<unknown>(Object.values(kitErrors))

/** Errors of the kit by identity, errors of the framework by their content. */
const errorsOf = (errors: readonly unknown[]): unknown[] =>
  errors.map((error) => (KNOWN_ERRORS.has(error) ? error : String(error)))

/** Sends the same requests to both; any difference fails. */
async function compareAll(
  subject: ServerSubject,
  bare: RunningSubject,
  traced: RunningSubject,
): Promise<void> {
  for (const { title, ...request } of samples(subject.supports)) {
    expect(comparable(await traced.send(request)), title).toEqual(comparable(await bare.send(request)))
  }
  const malformed = {
    method: 'POST',
    path: '/echo',
    headers: { 'content-type': 'application/json' },
    body: '{"a":',
  }
  const [expected, answer] = [await bare.send(malformed), await traced.send(malformed)]
  expect(answer.status).toBe(expected.status)
  expect(errorsOf(traced.errors)).toEqual(errorsOf(bare.errors))
}

/** Tracing must not change the application. */
export function testTransparency(subject: ServerSubject): void {
  describe('is transparent:', () => {
    let bare: RunningSubject
    let traced: RunningSubject
    beforeAll(async () => {
      bare = await startBare(subject)
      traced = await startTraced(subject)
    })
    afterAll(async () => {
      await bare[Symbol.asyncDispose]()
      await traced[Symbol.asyncDispose]()
    })

    it.each(samples(subject.supports))(
      '$title is the same as without tracing',
      async ({ title: _, ...request }) => {
        const before = bare.errors.length
        const expected = await bare.send(request)
        expect(comparable(await traced.send(request))).toEqual(comparable(expected))
        expect(traced.errors.length).toBe(bare.errors.length)
        for (const [i, error] of traced.errors.slice(before).entries())
          expect(error).toBe(bare.errors[before + i])
      },
    )

    it('a body that cannot be parsed is refused as without tracing', async () => {
      await using bare = await startBare(subject)
      await using traced = await startTraced(subject)
      const request = {
        method: 'POST',
        path: '/echo',
        headers: { 'content-type': 'application/json' },
        body: '{"a":',
      }
      const [expected, answer] = [await bare.send(request), await traced.send(request)]
      expect(answer.status).toBe(expected.status)
      expect(answer.headers['content-type']).toBe(expected.headers['content-type'])
      expect(errorsOf(traced.errors)).toEqual(errorsOf(bare.errors))
    })

    it('answers the same if its log cannot be created', async () => {
      const dir = await mkdtemp(path.join(os.tmpdir(), 'hoptrace-kit-'))
      const file = path.join(dir, 'a-file')
      await writeFile(file, '')
      {
        await using bare = await startBare(subject)
        await using traced = await startTraced(subject, { options: { dataDir: path.join(file, 'below') } })
        await compareAll(subject, bare, traced)
      }
      await rm(dir, { recursive: true })
    })

    it('answers the same if its log is removed while it runs', async () => {
      await using bare = await startBare(subject)
      await using traced = await startTraced(subject)
      await traced.send({ path: '/items/1' })
      // The tracer writes meanwhile, and `rm` of Deno knows no retries.
      const remove = (): Promise<void> => rm(traced.kit.dataDir, { recursive: true, force: true })
      await expect.poll(() => remove().then(() => 'removed', String)).toBe('removed')
      await compareAll(subject, bare, traced)
    })

    it('answers the same if the tracer is closed', async () => {
      await using bare = await startBare(subject)
      await using traced = await startTraced(subject)
      await traced.kit.tracer.close()
      await compareAll(subject, bare, traced)
    })
  })
}
