import { createOutput } from '@hoptrace/cli'
import { parseDemoArguments, usage, type DemoArguments } from './arguments.js'
import { CannotStart, endAll, prepare } from './prepare.js'
import { withRealBroker, withRealStore } from './real-store.js'
import { createDemoChain, runDemo } from './run-demo.js'
import { showPage } from './show-page.js'
import { startAgainOnEnter } from './start-again.js'
import { whatToTry } from './what-to-try.js'

const output = createOutput(process.stdout, process.stderr, process.env)

async function main(options: DemoArguments): Promise<number> {
  if (options.help) {
    await output.lines([usage])
    return 0
  }
  if (options.stop) {
    const ended = await endAll(options)
    await output.lines([ended.length > 0 ? `ended ${ended.join(', ')}` : 'no demo is up'])
    return 0
  }
  const ended = await prepare(options)
  if (ended.length > 0) await output.lines([`ended what an earlier demo left running: ${ended.join(', ')}`])
  const say = (text: string): Promise<void> => output.lines([output.paint.faint(text)])
  return withChain(await withRealBroker(await withRealStore(options, say), say))
}

async function withChain(options: DemoArguments): Promise<number> {
  const chain = await createDemoChain(options)
  const stopped = new AbortController()
  const stop = (): void => stopped.abort()
  process.on('SIGINT', stop).on('SIGTERM', stop)
  const interrupted = new Promise<never>((_, reject) => {
    stopped.signal.addEventListener('abort', () => reject(new Interrupted()))
  })
  try {
    const { results } = await Promise.race([runDemo(chain, options, output, stopped.signal), interrupted])
    const wrong = results.filter((result) => result.asked.wrong.length > 0)
    const verdict =
      wrong.length === 0 ? 'every verdict is what was caused' : `${wrong.length} verdicts are wrong`
    await output.lines([wrong.length === 0 ? output.paint.good(verdict) : output.paint.bad(verdict)])
    if (options.keep) {
      await output.lines(['', 'The chain is up until Ctrl-C. Try, in another terminal:', ''])
      await output.lines(whatToTry(options, chain, results, output.paint))
      const mending = startAgainOnEnter(chain, output)
      const page = options.ui ? await showPage(options, output) : undefined
      await interrupted.catch(() => undefined)
      await page?.close()
      mending.close()
    }
    return wrong.length === 0 ? 0 : 1
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    return 130
  } finally {
    await output.lines([output.paint.faint('stopping the chain')])
    await chain.stopAll()
  }
}

class Interrupted extends Error {}

try {
  const code = await main(parseDemoArguments(process.argv.slice(2)))
  process.exit(code)
} catch (error) {
  const known = error instanceof CannotStart || error instanceof TypeError
  output.note(known ? error.message : String((error as Error).stack))
  if (error instanceof TypeError) output.note('npm run demo -- --help says more')
  process.exit(known ? 2 : 1)
}
