import { createInterface, type Interface } from 'node:readline'
import type { Output } from '@hoptrace/cli'
import type { Chain } from '../chain/chain.js'
import { SERVICES } from '../chain/services.js'

/** Restarts the ended services each time the user presses Enter. */
export function startAgainOnEnter(chain: Chain, output: Output): Interface {
  const lines = createInterface({ input: process.stdin })
  lines.on('line', () => {
    const missing = SERVICES.filter((name) => !chain.running.has(name))
    if (missing.length === 0) return output.note('all five services run')
    Promise.all(missing.map((name) => chain.start(name))).then(
      () => output.note(missing.map((name) => `${name} runs again, pid ${pidOf(chain, name)}`).join('; ')),
      (error: unknown) => output.note(String(error)),
    )
  })
  return lines
}

function pidOf(chain: Chain, name: (typeof SERVICES)[number]): number | undefined {
  return chain.running.get(name)?.pid
}
