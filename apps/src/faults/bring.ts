import { existsSync } from 'node:fs'
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PAUSE_MILLIS } from './break.js'
import type { Fleet } from './fleet.js'
import { DEADLY, type Strike } from './plan.js'
import type { ServiceName } from './topology.js'

/** How long a service stays down before it is started again under load. */
const DOWN_MILLIS = 300
/** How long a store's directory is not there. */
const UNMOUNTED_MILLIS = 2000

/** What is done to a strike's service from outside, while the load goes on. */
export async function bring(fleet: Fleet, { fault, service, restart }: Strike): Promise<void> {
  switch (fault) {
    case 'refused':
      await fleet.down(service)
      break
    case 'sigstop':
      await sleep(PAUSE_MILLIS)
      // The other way: it is killed as it stands.
      fleet.signal(service, restart ? 'SIGCONT' : 'SIGKILL')
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

/** Its directory goes, with a file in its place so that nobody makes another, and comes back. */
async function unmountStore(dataDir: string, service: ServiceName): Promise<void> {
  const dir = path.join(dataDir, 'stores', service)
  if (!existsSync(dir)) return
  await rename(dir, `${dir}.away`)
  await writeFile(dir, '')
  await sleep(UNMOUNTED_MILLIS)
  await rm(dir)
  await rename(`${dir}.away`, dir)
}
