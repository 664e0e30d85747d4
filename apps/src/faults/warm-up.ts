import type { Fleet } from './fleet.js'
import { send } from './load.js'

/** Callers know a callee once it has answered; the first requests of a process also take longest. */
export async function warmUp(fleet: Fleet): Promise<void> {
  for (let index = 0; index < 10; index++) await send(fleet.entryUrl, `warm-up-${index}`)
}
