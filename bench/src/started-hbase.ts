import { hbaseUnavailableReason, startHBase } from '@hoptrace/hbase-dev'

/** A real HBase for a measurement. Throws with the reason where none can run. */
export function startedHBase(options: Parameters<typeof startHBase>[0]): ReturnType<typeof startHBase> {
  const reason = hbaseUnavailableReason()
  if (reason !== undefined) throw new Error(`no HBase can run here: ${reason}`)
  return startHBase(options)
}
