// Before any clock of a test starts: the jars of HBase are there, where one can run.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('hbase/hbase-dev', import.meta.url))

export default function setup() {
  if (spawnSync(script, ['--check']).status !== 0) return
  const { status } = spawnSync(script, ['install'], { stdio: 'inherit' })
  if (status !== 0) throw new Error('dev/hbase/hbase-dev install failed')
}
