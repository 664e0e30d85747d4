import type { Paint } from '@hoptrace/cli'
import type { Chain } from '../chain/chain.js'
import type { DemoArguments } from './arguments.js'
import type { Result } from './report.js'

/** Exact commands for a chain that is up, with the ids of what the demo caused. */
export function whatToTry(
  options: DemoArguments,
  chain: Chain,
  results: readonly Result[],
  paint: Paint,
): string[] {
  const hoptrace = 'npx hoptrace'
  const where = `--dir ${options.dataDir}${options.store === 'level' ? '' : ` --store ${options.store}`}`
  if (options.messages !== undefined)
    return results.flatMap(({ scenario, caused }) => [
      paint.faint(`# ${scenario.caused}`),
      `${hoptrace} resolve ${caused.subject} ${where}`,
      '',
    ])
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
      `curl -s ${chain.entryUrl}/orders -H 'content-type: application/json' -d ${order} & ${hoptrace} progress orderId=7001 --follow ${where}`,
    ],
    [
      'place another one, kill inventory while that is in its hands, and ask; then press Enter here: inventory is started again',
      `kill -9 ${chain.running.get('inventory')?.pid ?? ''}; ${hoptrace} resolve orderId=7001 ${where}`,
    ],
  ]
  const logins = process.env['HOPTRACE_STORE_LOGINS'] === undefined ? [] : [loginOf(options)]
  return [...logins, ...tries].flatMap(([question, command]) => [paint.faint(`# ${question}`), command, ''])
}

/** The command needs the login of a server that asks for one. */
function loginOf({ store }: DemoArguments): readonly [string, string] {
  const [kind] = store.split(':')
  return [
    `first: how the command logs in to ${store} (or the URL that you gave)`,
    `export HOPTRACE_STORE_LOGINS=$(npm run -s ${kind} -- start)`,
  ]
}
