// Before any clock of a test starts: the jars of HBase, and the package kerberos, are there, where tests that need them can run.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const inHBase = (name) => fileURLToPath(new URL(`hbase/${name}`, import.meta.url))

export default function setup() {
  install(inHBase('hbase-dev'))
  install(inHBase('kerberos/install'))
  // Where the processes of tests find the package kerberos, which npm has not installed.
  process.env['NODE_PATH'] = inHBase('.lib-kerberos/node_modules')
}

function install(script) {
  if (spawnSync(script, ['--check']).status !== 0) return
  const { status } = spawnSync(script, ['install'], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${script} install failed`)
}
