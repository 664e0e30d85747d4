import http from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { startTraced } from './running.js'
import type { ServerSubject } from './subject.js'

/** Only Node lets a program collect its garbage whenever it wants to. */
const isNode = process.versions['bun'] === undefined && process.versions['deno'] === undefined

/** Before Node 24, with Koa, the last hop of a connection stays until its next request: context is kept by other objects there. */
const freesHops = Number(process.versions.node.split('.')[0]) >= 24

/** Tracing must not keep what the framework lets go, nor the hop. */
export function testMemory(subject: ServerSubject): void {
  describe.runIf(isNode)('the memory of the process', () => {
    it('has nothing of an answered request, though its connection stays', async () => {
      setFlagsFromString('--expose-gc')
      const collectGarbage = runInNewContext('gc') as () => void
      const answered: WeakRef<object>[] = []
      const hopOf = (): object[] => (traced.kit.tracer.hop && freesHops ? [traced.kit.tracer.hop] : [])
      const spy = ({ req, res }: { req: object; res: object }): void => {
        keepConnection(req as http.IncomingMessage)
        for (const object of [req, res, ...hopOf()]) answered.push(new WeakRef(object))
      }
      await using traced = await startTraced(subject, { hooks: { spy } })
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
      try {
        for (let i = 0; i < 3; i++) await traced.send({ path: '/spied', agent })
        expect(answered).toHaveLength(freesHops ? 9 : 6)
        await expect
          .poll(() => {
            collectGarbage()
            return answered.filter((object) => object.deref() !== undefined)
          })
          .toEqual([])
      } finally {
        agent.destroy()
      }
    })
  })
}

/** Its timer would close it, and so hide what it keeps. */
function keepConnection({ socket }: http.IncomingMessage): void {
  const { server } = socket as typeof socket & { server?: http.Server }
  if (server !== undefined) server.keepAliveTimeout = 3_600_000
}
