import { setTimeout as sleep } from 'node:timers/promises'
import { answer } from './ask.js'
import type { Caused, Expectation, Scenario, Stage } from './scenario.js'
import { COMPLETED, order } from './scenarios.js'

/** Time for the broker to give up a killed consumer, and for the mail to be sent again. */
const patienceMillis = 120_000

/** What may become of the mail of an order if it goes by message. One after the other: each begins where the last one ended. */
export function messageScenarios(): readonly Scenario[] {
  let killed: Caused | undefined
  return [
    {
      name: 'completed',
      caused: 'an order like any other; its mail goes by message',
      expected: COMPLETED,
      cause: (stage) => order(stage),
    },
    {
      name: 'not taken yet',
      caused: 'notify is stopped: its mail waits at the broker',
      expected: {
        verdict: 'running',
        endedAt: 'kafka://mails',
        lastHealthy: 'orders',
        hops: ['gateway', 'orders', 'payments', 'inventory'],
      },
      async cause(stage) {
        await stage.chain.stop('notify')
        return order(stage)
      },
      async repair(stage) {
        stage.say('starting notify again: it takes what has waited')
        await stage.chain.start('notify')
      },
    },
    {
      name: 'killed with a message',
      caused: 'notify gets SIGKILL while it sends a mail',
      expected: {
        verdict: 'died',
        endedAt: 'notify',
        lastHealthy: 'orders',
        hops: ['gateway', 'orders', 'payments', 'inventory', 'notify'],
      },
      async cause(stage) {
        killed = await order(stage, { attachments: 8 })
        stage.say('waiting until notify has the mail in hand')
        await until(stage, killed.subject, (said) => said.hops.some(isAttaching))
        await stage.chain.kill('notify')
        return killed
      },
    },
    {
      name: 'delivered again',
      caused: 'the same order, after the next run of notify got its mail again',
      expected: {
        ...COMPLETED,
        hops: [...COMPLETED.hops, 'notify'],
      } satisfies Expectation,
      async cause(stage) {
        if (killed === undefined) throw new Error('no order was killed before')
        stage.say('starting notify again, and waiting until the broker delivers the mail again')
        await stage.chain.start('notify')
        await until(stage, killed.subject, ({ verdict }) => verdict === 'completed')
        return killed
      },
    },
  ]
}

type Said = Awaited<ReturnType<typeof answer>>

function isAttaching({ service, state, events }: Said['hops'][number]): boolean {
  return service === 'notify' && state === 'open' && events.some(({ name }) => name === 'mail.attachment')
}

async function until(stage: Stage, subject: string, isSo: (said: Said) => boolean): Promise<void> {
  for (const end = Date.now() + patienceMillis; Date.now() < end; await sleep(100))
    if (isSo(await answer(stage.where, subject, 'iterative'))) return
}
