import http from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { startTraced } from './running.js'
import type { ServerSubject } from './subject.js'

/** Only Node lets a program collect its garbage whenever it wants to. */
const isNode = process.versions['bun'] === undefined && process.versions['deno'] === undefined

/** Tracing must not keep what the framework lets go. */
export function testMemory(subject: ServerSubject): void {
  describe.runIf(isNode)('the memory of the process', () => {
    it('has nothing of an answered request, though its connection stays', async () => {
      setFlagsFromString('--expose-gc')
      const collectGarbage = runInNewContext('gc') as () => void
      const requests: WeakRef<object>[] = []
      const spy = ({ req, res }: { req: object; res: object }): void => {
        requests.push(new WeakRef(req), new WeakRef(res))
      }
      await using traced = await startTraced(subject, { hooks: { spy } })
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
      try {
        for (let i = 0; i < 3; i++) await traced.send({ path: '/spied', agent })
        expect(requests).toHaveLength(6)
        await expect
          .poll(() => {
            collectGarbage()
            return requests.filter((request) => request.deref() !== undefined)
          })
          .toEqual([])
      } finally {
        agent.destroy()
      }
    })
  })
}
