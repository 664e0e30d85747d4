/**
 * The page in a real browser without a window: how long it takes from Enter to the first answer on the demo chain, how many frames a second it draws while a trace of
 * 2,000 hops is scrolled from top to bottom, and how large it is. Each figure is the median of its rounds.
 * `npm run bench:page -- --orders 300 --rounds 15 --hops 2000`
 */
import { createResolver } from '@hoptrace/core'
import { startUi } from '@hoptrace/ui'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { Chain } from '../../apps/src/chain/chain.js'
import { freePorts } from '../../apps/src/chain/ports.js'
import { placeMany } from '../../apps/src/chain/shop.js'
import { builtPage, startBrowser } from '../../dev/browser.mjs'
import { recordWide } from './record-wide.js'
import { median, table } from './report.js'

const { values } = parseArgs({
  options: {
    orders: { type: 'string', default: '300' },
    rounds: { type: 'string', default: '15' },
    hops: { type: 'string', default: '2000' },
  },
})
const [orders, rounds, hops] = [values.orders, values.rounds, values.hops].map(Number) as [
  number,
  number,
  number,
]

/** Longest acceptable time to the first answer, least frames a second, most bytes. */
const AIMS = { answerMillis: 300, frames: 50, bytes: 100_000 }
/** A turn of the wheel in each frame. */
const STEP_PIXELS = 120
/** A round ends then, wherever it is: the machine may have other work. */
const MOST_MILLIS = 8000

interface Figure {
  readonly what: string
  readonly measured: string
  readonly aim: string
  readonly isMet: boolean
}

/** Serves what is recorded in a folder to a page of the browser. */
async function withPage<T>(
  { browser, pageDir, dir }: { readonly browser: Browser; readonly pageDir: string; readonly dir: string },
  use: (page: Page, url: string) => Promise<T>,
): Promise<T> {
  // How long a walk may take is measured elsewhere.
  const resolver = createResolver({ dir, deadlineMillis: 120_000 })
  const ui = await startUi({ resolver, pageDir })
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 } })
  page.setDefaultTimeout(120_000)
  try {
    return await use(page, ui.url)
  } finally {
    await page.close()
    await ui.close()
    await resolver.close()
  }
}

/** Milliseconds from Enter in a field to the frame that shows the first element of an answer. */
async function answered(
  page: Page,
  { url, field, text, first }: { url: string; field: string; text: string; first: string },
): Promise<number> {
  await page.goto(url)
  await page.fill(field, text)
  const shown = page.evaluate<number>(`new Promise((resolve) => {
    addEventListener('keydown', ({ timeStamp }) => {
      const look = () => {
        // The frame after the one that has it: that one is on the screen.
        if (document.querySelector(${JSON.stringify(first)})) requestAnimationFrame(() => resolve(performance.now() - timeStamp))
        else requestAnimationFrame(look)
      }
      look()
    }, { capture: true, once: true })
  })`)
  await page.press(field, 'Enter')
  return shown
}

async function answers(page: Page, url: string): Promise<Figure[]> {
  const idOf = async (order: number): Promise<string> => {
    const response = await fetch(`${url}api/resolve?of=orderId=${order}`)
    return ((await response.json()) as { traceId: string }).traceId
  }
  const questions = [
    ['a key, its traces', async (order: number) => ['input[name=of]', `orderId=${order}`, 'tbody tr']],
    ['a service, its requests', async () => ['input[name=service]', 'gateway', 'tbody tr']],
    ['an id, its walk', async (order: number) => ['input[name=of]', await idOf(order), '.row']],
  ] as const
  const figures: Figure[] = []
  for (const [what, ask] of questions) {
    const millis: number[] = []
    for (let round = 0; round <= rounds; round++) {
      const [field = '', text = '', first = ''] = await ask(1 + ((round * 37) % orders))
      millis.push(await answered(page, { url, field, text, first }))
    }
    // The first one also loads what the others find loaded.
    millis.shift()
    figures.push({
      what: `from Enter to the first answer: ${what}`,
      measured: `${Math.round(median(millis))} ms (${Math.round(Math.min(...millis))} to ${Math.round(Math.max(...millis))})`,
      aim: `below ${AIMS.answerMillis} ms`,
      isMet: median(millis) < AIMS.answerMillis,
    })
  }
  return figures
}

/**
 * Frames a second while the rows of a trace move from top to bottom, a fixed number of pixels in each frame; and the processor time that the page's main thread takes for
 * one, which says what a machine without other work would draw.
 */
async function scrolled(page: Page, url: string, traceId: string): Promise<Figure[]> {
  await page.goto(`${url}trace/${traceId}`)
  await page.waitForSelector(`.facts:has-text("${hops} hops")`)
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const busyMillis = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics')
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1000
  }
  const [rates, works]: [number[], number[]] = [[], []]
  for (let round = 0; round < Math.min(5, rounds); round++) {
    const before = await busyMillis()
    const { frames, millis } = await page.evaluate<{
      frames: number
      millis: number
    }>(`new Promise((resolve) => {
      const rows = document.querySelector('.rows')
      const most = rows.scrollHeight - rows.clientHeight
      let begun, frames = 0
      const step = (now) => {
        begun ??= now
        rows.scrollTop = frames * ${STEP_PIXELS}
        if (rows.scrollTop >= most - 1 || now - begun >= ${MOST_MILLIS}) {
          rows.scrollTop = most
          resolve({ frames, millis: now - begun })
        } else requestAnimationFrame(step)
        frames++
      }
      requestAnimationFrame(step)
    })`)
    rates.push((frames * 1000) / millis)
    works.push(((await busyMillis()) - before) / frames)
  }
  await page.waitForSelector(`#row-${hops - 1}`)
  const what = `scroll of a trace of ${hops} hops`
  return [
    {
      what,
      measured: `${median(rates).toFixed(0)} frames/s (${Math.min(...rates).toFixed(0)} to ${Math.max(...rates).toFixed(0)})`,
      aim: `above ${AIMS.frames} frames/s`,
      isMet: median(rates) > AIMS.frames,
    },
    {
      what: `${what}: processor time of a frame`,
      measured: `${median(works).toFixed(1)} ms (${Math.min(...works).toFixed(1)} to ${Math.max(...works).toFixed(1)})`,
      aim: `below ${1000 / AIMS.frames} ms`,
      isMet: median(works) < 1000 / AIMS.frames,
    },
  ]
}

/** Everything that a browser loads before the page asks its first question. */
function size(pageDir: string): Figure {
  const files = readdirSync(pageDir, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const bytes = files.reduce(
    (sum, { parentPath, name }) =>
      sum + gzipSync(readFileSync(path.join(parentPath, name)), { level: 9 }).length,
    0,
  )
  return {
    what: 'the page, its libraries included, compressed',
    measured: `${(bytes / 1000).toFixed(1)} kB`,
    aim: `at most ${AIMS.bytes / 1000} kB`,
    isMet: bytes <= AIMS.bytes,
  }
}

const dir = mkdtempSync(path.join(os.tmpdir(), 'hoptrace-bench-page-'))
const [demoDir, wideDir] = [path.join(dir, 'demo'), path.join(dir, 'wide')]
const pageDir = await builtPage()
const browser = await startBrowser()
const chain = new Chain({ ports: await freePorts(), dataDir: demoDir })
try {
  await chain.startAll()
  await placeMany(
    chain.entryUrl,
    orders,
    (index) => String(index + 1),
    () => undefined,
    4,
  )
  const figures = await withPage({ browser, pageDir, dir: demoDir }, answers)
  await chain.stopAll()
  const traceId = await recordWide(wideDir, hops)
  figures.push(
    ...(await withPage({ browser, pageDir, dir: wideDir }, (page, url) => scrolled(page, url, traceId))),
    size(pageDir),
  )
  const rows = figures.map(({ what, measured, aim, isMet }) => [
    what,
    measured,
    aim,
    isMet ? 'met' : 'missed',
  ])
  console.log(table(['figure', 'measured', 'aim', ''], rows))
  if (figures.some(({ isMet }) => !isMet)) process.exitCode = 1
} finally {
  await browser.close()
  await chain.stopAll()
  for (const folder of [dir, pageDir]) rmSync(folder, { recursive: true, force: true })
}
