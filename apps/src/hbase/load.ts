import { deriveSealKey, unsealId } from '@hoptrace/core'

/** Requests as a load came back. */
export interface Load {
  /** Trace ids of the requests that were answered as they should be, in order of their answers. */
  readonly answered: string[]
  /** What other requests came back with. */
  readonly wrong: string[]
  /** Resolves when this number of requests has been answered. */
  reached(count: number): Promise<void>
  /** No more requests; resolves when the last is answered. */
  stop(): Promise<void>
}

const lanes = 4
const pauseMillis = 4

/** Keeps requests coming, a few at a time, at about a thousand a second at the most. */
export function startLoad(url: string, firstNumber = 0): Load {
  const answered: string[] = []
  const wrong: string[] = []
  // A caller outside of the cluster is given sealed ids.
  const sealKey = deriveSealKey(process.env['HOPTRACE_KEY'] ?? '')
  let number = firstNumber
  let going = true
  const lane = async (): Promise<void> => {
    while (going) {
      const n = String(number++)
      try {
        const response = await fetch(`${url}/work/${n}`)
        const body = (await response.json()) as { n?: string }
        const traceId = unsealId(sealKey, response.headers.get('traceresponse')?.split('-')[1] ?? '')
        if (response.status === 200 && body.n === n && traceId !== undefined) answered.push(traceId)
        else wrong.push(`${n}: ${response.status} ${JSON.stringify(body)}`)
      } catch (error) {
        wrong.push(`${n}: ${String(error)}`)
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMillis))
    }
  }
  const all = Promise.all(Array.from({ length: lanes }, lane))
  return {
    answered,
    wrong,
    reached: async (count) => {
      while (answered.length < count && wrong.length < 100) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    stop: async () => {
      going = false
      await all
    },
  }
}
