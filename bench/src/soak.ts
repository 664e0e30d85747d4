import autocannon from 'autocannon'
import type { NodeLine } from './node-line.js'
import { table } from './report.js'
import { leafAlone, usage, withServer } from './server-load.js'

/** The shares of all requests after which a server is looked at. */
const shares = [0.1, 0.5, 1]

/**
 * The heap of a server that has answered many requests: fastify, bare and with hoptrace. It is that of the
 * request thread after a forced collection. The resident memory is that of the whole process, and so has the
 * heap of the shipping thread in it.
 */
export async function soak(requests: number, { version, execPath }: NodeLine): Promise<string> {
  const connections = 50
  const rows: string[][] = []
  for (const mode of ['bare', 'hoptrace'] as const) {
    const use: Parameters<typeof withServer>[3] = async (url, child) => {
      let sent = 0
      for (const share of shares) {
        const amount = Math.round(requests * share) - sent
        const { non2xx, errors } = await autocannon({ url, connections, amount })
        if (non2xx > 0 || errors > 0) throw new Error(`${mode}: requests failed`)
        sent += amount
        const { memory, stats } = await usage(child)
        if (stats !== undefined && stats.appended !== sent)
          throw new Error(`${mode}: recorded ${stats.appended} of ${sent}`)
        const [heap, resident] = [memory.heapUsed, memory.rss].map((bytes) => (bytes / 1e6).toFixed(1))
        rows.push([mode, String(sent), `${heap} MB`, `${resident} MB`])
      }
    }
    await withServer('fastify', mode, leafAlone, use, [execPath, '--expose-gc'])
  }
  return table([`fastify, Node ${version}`, 'requests', 'heap', 'resident'], rows)
}
