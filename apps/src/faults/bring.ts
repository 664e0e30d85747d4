import { existsSync } from 'node:fs'
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PAUSE_MILLIS } from './break.js'
import type { Fleet } from './fleet.js'
import { DEADLY, type Strike } from './plan.js'
import type { ServiceName } from './topology.js'

/** How long to wait for a doomed process to take a request. */
const DOOM_MILLIS = 1000
/** How long a service stays down before it is started again under load. */
const DOWN_MILLIS = 300
/** How long a store's directory is not there. */
const UNMOUNTED_MILLIS = 2000

/** How long a host is cut off: longer than any timeout in the chain. */
const PARTITION_MILLIS = 1800
/** How long a clock is wrong, and by how much. */
const CLOCK_MILLIS = 1200
const CLOCK_AHEAD_MILLIS = { 'clock-ahead': 7_200_000, 'clock-behind': -600_000 } as const
/** Lives of a service that ends at the very first request that it takes. */
const CRASHES = 3

/** What is done to a strike's service from outside, under load. */
export async function bring(fleet: Fleet, { fault, service, restart }: Strike): Promise<void> {
  switch (fault) {
    case 'refused':
      await fleet.down(service)
      break
    case 'sigstop':
      await sleep(PAUSE_MILLIS)
      // The other variant: it is killed while it is stopped.
      fleet.signalStopped(service, restart ? 'SIGCONT' : 'SIGKILL')
      return
    case 'crash-loop':
      return crashAgainAndAgain(fleet, service, restart)
    case 'partition':
      await fleet.terrain.link(service, 'down')
      await sleep(PARTITION_MILLIS)
      if (restart) await fleet.terrain.link(service, 'up')
      return
    case 'clock-ahead':
    case 'clock-behind':
      fleet.setClock(service, CLOCK_AHEAD_MILLIS[fault])
      await sleep(CLOCK_MILLIS)
      if (restart) fleet.setClock(service, 0)
      return
    case 'log-removed':
      return removeLogs(fleet.dataDir, service)
    case 'store-unmounted':
      return unmountStore(fleet.dataDir, service)
    case 'killed-twice':
      return killDuringRecovery(fleet, service)
  }
  if (!restart || !(DEADLY.has(fault) || fault === 'refused')) return
  await sleep(DOWN_MILLIS)
  await fleet.revive(service)
}

/** Each process ends at the first request that it takes, and the next one is started a moment later. */
async function crashAgainAndAgain(fleet: Fleet, service: ServiceName, restart: boolean): Promise<void> {
  if (!fleet.isDoomed(service)) {
    fleet.doom(service, true)
    await fleet.down(service)
    await fleet.revive(service)
  }
  for (let lives = 1; ; lives++) {
    for (let waited = 0; waited < DOOM_MILLIS && fleet.isWhole(service); waited += 20) await sleep(20)
    if (lives === CRASHES) break
    await sleep(100)
    await fleet.revive(service)
  }
  fleet.doom(service, false)
  if (restart) await fleet.revive(service)
}

/** Started again twice, and killed twice while it recovers what the one before left. */
async function killDuringRecovery(fleet: Fleet, service: ServiceName): Promise<void> {
  await sleep(DOWN_MILLIS)
  for (const recoverMillis of [5, 120]) {
    await fleet.revive(service)
    await sleep(recoverMillis)
    await fleet.down(service)
  }
  await fleet.revive(service)
}

/** As an operator does who makes room. */
async function removeLogs(dataDir: string, service: ServiceName): Promise<void> {
  const dir = path.join(dataDir, 'logs', service)
  for (const run of await readdir(dir).catch(() => [])) {
    await rm(path.join(dir, run), { recursive: true, force: true })
  }
}

/** Its directory goes, with a file in its place so that no process makes another, and comes back. */
async function unmountStore(dataDir: string, service: ServiceName): Promise<void> {
  const dir = path.join(dataDir, 'stores', service)
  if (!existsSync(dir)) return
  await rename(dir, `${dir}.away`)
  await writeFile(dir, '')
  await sleep(UNMOUNTED_MILLIS)
  await rm(dir)
  await rename(`${dir}.away`, dir)
}
