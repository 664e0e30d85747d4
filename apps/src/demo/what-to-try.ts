import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Paint } from '@hoptrace/cli'
import type { DemoArguments } from './arguments.js'
import type { Result } from './report.js'

/** Exact commands for a chain that is up, with the ids of what the demo caused. */
export function whatToTry(options: DemoArguments, results: readonly Result[], paint: Paint): string[] {
  const hoptrace = commandPrefix()
  const where = `--dir ${options.dataDir}${options.store === 'level' ? '' : ` --store ${options.store}`}`
  const of = (name: string): Result | undefined => results.find((one) => one.scenario.name === name)
  const killed = of('killed while handling')
  const later = of('killed after calling on')
  const slow = of('still running')
  const order = `'{"id":"7001","customer":"you","items":[{"sku":"slow","quantity":20}],"card":"4242","patienceMillis":30000}'`
  const tries: (readonly [string, string])[] = [
    ['where did the killed order end?', `${hoptrace} resolve ${killed?.caused.subject ?? ''} ${where}`],
    [
      'the same by its business key, from the stores',
      `${hoptrace} resolve orderId=${killed?.caused.orderId ?? ''} --iterative ${where}`,
    ],
    [
      'what the service that died had already done',
      `${hoptrace} resolve ${later?.caused.subject ?? ''} ${where}`,
    ],
    [
      'how far did that slow order get?',
      `${hoptrace} progress orderId=${slow?.caused.orderId ?? ''} ${where}`,
    ],
    ['what went wrong in payments lately?', `${hoptrace} range payments --since 5m --status error ${where}`],
    ['who is there?', `${hoptrace} instances ${where}`],
    [
      'place a slow order, and follow it',
      `curl -s localhost:${options.ports.gateway}/orders -H 'content-type: application/json' -d ${order} & ${hoptrace} progress orderId=7001 --follow ${where}`,
    ],
  ]
  return tries.flatMap(([question, command]) => [paint.faint(`# ${question}`), command, ''])
}

/** `npx hoptrace` once it is built, else the command from source. */
function commandPrefix(): string {
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  if (
    existsSync(path.join(root, 'packages/cli/dist/main.js')) &&
    existsSync(path.join(root, 'node_modules/.bin/hoptrace'))
  ) {
    return 'npx hoptrace'
  }
  return 'node --conditions=@hoptrace/source --import tsx packages/cli/src/main.ts'
}
