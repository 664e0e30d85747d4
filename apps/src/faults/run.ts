import { setTimeout as sleep } from 'node:timers/promises'
import { bring } from './bring.js'
import type { Fleet } from './fleet.js'
import { load, send, type Got } from './load.js'
import { ordersAt, type Plan } from './plan.js'

/** Runs one plan under load, and leaves what is broken broken. Resolves to what the clients got. */
export async function runPlan(fleet: Fleet, plan: Plan, prefix: string): Promise<Got> {
  fleet.forgetDeaths()
  const background: Promise<void>[] = []
  const { everyMillis, requests } = fleet.terrain
  const got = await load(fleet.entryUrl, prefix, everyMillis, requests, (index) => {
    for (const strike of plan) if (strike.at === index) background.push(bring(fleet, strike))
    return ordersAt(plan, index)
  })
  await Promise.all(background)
  return got
}

/** Mends everything: ends what hangs, and starts what does not run. */
export async function mend(fleet: Fleet, plan: Plan, prefix: string): Promise<Got> {
  for (const { fault, service, restart } of plan) {
    if (fault === 'hang') await fleet.down(service)
    // On a busy machine it stops itself later than it was to be continued.
    if (fault === 'sigstop') fleet.signalStopped(service, restart ? 'SIGCONT' : 'SIGKILL')
    if (fault === 'partition') await fleet.terrain.link(service, 'up')
    if (fault === 'clock-ahead' || fault === 'clock-behind') fleet.setClock(service, 0)
  }
  // A process that is about to end may not have ended yet.
  await sleep(50)
  await fleet.reviveAll()
  // A service that was started again has its address from its first request.
  const last = `${prefix}-last`
  return new Map([[last, await send(fleet.entryUrl, last)]])
}
