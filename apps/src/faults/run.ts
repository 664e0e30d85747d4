import { setTimeout as sleep } from 'node:timers/promises'
import { PAUSE_MILLIS } from './break.js'
import type { Fleet } from './fleet.js'
import { load, send } from './load.js'
import { CHAIN, type FaultOrder, type Plan } from './plan.js'

const EVERY_MILLIS = 12
const FOR_MILLIS = 2200
const FAULT_AT = 60

/** Runs one plan under load and leaves all services running. Resolves to the requests that were sent. */
export async function runPlan(fleet: Fleet, plan: Plan, prefix: string): Promise<string[]> {
  const { fault, moment, service } = plan
  const carried: FaultOrder = { fault, moment, service }
  const inProcess = fault !== 'refused'
  const background: Promise<unknown>[] = []
  const requests = await load(fleet.entryUrl, prefix, EVERY_MILLIS, FOR_MILLIS, (index) => {
    if (index === FAULT_AT) background.push(bring(fleet, plan))
    return index === FAULT_AT && inProcess ? carried : undefined
  })
  await Promise.all(background)
  await Promise.all(CHAIN.map((name) => fleet.revive(name)))
  // A service that was started again has its address from its first request.
  await send(fleet.entryUrl, `${prefix}-last`)
  return [...requests, `${prefix}-last`]
}

/** What is done from outside while the load goes on: taking a service away, letting a stopped one go on, starting again. */
async function bring(fleet: Fleet, { fault, service, restart }: Plan): Promise<void> {
  if (fault === 'refused') await fleet.down(service)
  if (fault === 'sigstop') {
    await sleep(PAUSE_MILLIS)
    fleet.signal(service, restart ? 'SIGCONT' : 'SIGKILL')
    return
  }
  if (!restart) return
  await sleep(400)
  await fleet.revive(service)
}
