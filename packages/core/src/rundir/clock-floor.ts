import { timing } from '../base/timing.js'
import path from 'node:path'
import type { Diagnostics } from '../base/diagnostics.js'
import {
  listDirSync,
  makePlainDirSync,
  type Place,
  modifiedMillisSync,
  setModifiedSync,
} from '../files/index.js'

/**
 * The place of a service's logs. While its ids are ahead of the clock, a file `clock` next to the logs has
 * their time.
 */
interface ServicePlace {
  readonly dataDir: string
  readonly service: string
}

/**
 * The newest time of an earlier run of this service on this disk. New ids start above it, even if the clock
 * was set back between the runs. Files have times from the same clock as the ids. A time more than ten
 * minutes ahead of the clock is ignored, with a warning.
 */
export function floorNanos(
  { dataDir, service }: ServicePlace,
  diagnostics: Diagnostics = () => undefined,
): bigint {
  const latest = Date.now() + timing.maxIdsAheadMillis
  const logs = `logs/${service}`
  const runs = names({ dir: dataDir, name: logs }).map((name) => `${logs}/${name}`)
  let newest = 0
  let beyond: { file: string; millis: number } | undefined
  for (const dir of ['registry', logs, ...runs]) {
    for (const name of names({ dir: dataDir, name: dir })) {
      const file = path.join(dataDir, dir, name)
      const millis = modifiedMillis(file)
      if (millis <= latest) newest = Math.max(newest, millis)
      else if (millis > (beyond?.millis ?? 0)) beyond = { file, millis }
    }
  }
  if (beyond !== undefined) {
    const ahead = Math.round((beyond.millis - Date.now()) / 60_000)
    diagnostics(
      'HOPTRACE_CLOCK',
      `${beyond.file} was written ${ahead} minutes ahead of this machine's clock, which was wrong then or is wrong now: ` +
        `ids follow the clock, and ranges may show requests of that time out of order`,
    )
  }
  return BigInt(Math.ceil(newest)) * 1_000_000n
}

/**
 * Notes the time of a run's ids if the clock was set back during the run, because new files then get earlier times, and warns
 * once if that time is more than a minute ahead. What it returns throws file system errors.
 */
export function clockNote(
  { dataDir, service }: ServicePlace,
  diagnostics: Diagnostics = () => undefined,
): (idNanos: bigint) => void {
  const place = { dir: dataDir, name: `logs/${service}/clock` }
  let isWarned = false
  return (idNanos) => {
    const idMillis = Number(idNanos / 1_000_000n) + 1
    const ahead = idMillis - Date.now()
    if (ahead < timing.idsAheadMillis) {
      isWarned = false
      return
    }
    if (ahead >= timing.warnIdsAheadMillis && !isWarned) {
      isWarned = true
      diagnostics(
        'HOPTRACE_CLOCK',
        `the clock was set back: ids of ${service} stay ${Math.round(ahead / 60_000)} minutes ahead until it has caught up; ` +
          `restart the process if the clock is right now`,
      )
    }
    if (modifiedMillis(path.join(dataDir, place.name)) >= idMillis) return
    makePlainDirSync({ dir: dataDir, name: `logs/${service}` })
    setModifiedSync(place, idMillis)
  }
}

function names(place: Place): string[] {
  try {
    return listDirSync(place).map(({ name }) => name)
  } catch {
    return []
  }
}

function modifiedMillis(file: string): number {
  try {
    return modifiedMillisSync(file)
  } catch {
    return 0
  }
}
