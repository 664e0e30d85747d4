import { rm } from 'node:fs/promises'
import type { CallJson, InstanceRow, Resolver, ResolveResult, WalkedHopJson, WalkStep } from '@hoptrace/core'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { builtPage, startBrowser } from '../../../../dev/browser.mjs'
import { describeInBrowser } from '../../../../dev/describe-in-browser.js'
import { startUi, type Ui } from '../index.js'

const MARKUP = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>'

const idOf = (n: number): WalkedHopJson['hopId'] =>
  (0x18ec567f6e5bn * 2n ** 80n + BigInt(n)).toString(16).padStart(32, '0') as WalkedHopJson['hopId']

const iso = (micros: number): string =>
  `2026-11-22T15:00:0${Math.floor(micros / 1e6)}.${String((micros % 1e6) * 1000).padStart(9, '0')}Z`

const call = (n: number, fields: Partial<CallJson> = {}): CallJson => ({
  hopId: idOf(n),
  target: `127.0.0.1:${4000 + (n % 1000)}`,
  service: `service-${n % 7}`,
  method: 'GET',
  outcome: '200',
  offsetMicros: 100,
  durationMicros: 900_000,
  found: 'hop',
  ...fields,
})

const hop = (n: number, fields: Partial<WalkedHopJson> = {}): WalkedHopJson => ({
  hopId: idOf(n),
  traceId: idOf(0),
  service: `service-${n % 7}`,
  instance: `127.0.0.1:${4000 + (n % 1000)}`,
  method: 'GET',
  route: `/things/:id`,
  status: 200,
  state: 'closed',
  startTime: iso(n * 100),
  durationMicros: 500_000,
  error: null,
  aborted: false,
  keys: { orderId: String(n) },
  attributes: { size: n },
  events: [{ name: `step.${n}`, time: iso(n * 100 + 50), attributes: { at: n } }],
  next: [],
  crash: null,
  shed: 0,
  lost: 0,
  source: 'store',
  calledBy: null,
  depth: 0,
  ...fields,
})

const answer = (hops: readonly WalkedHopJson[], fields: Partial<ResolveResult> = {}): ResolveResult => ({
  traceId: idOf(0),
  verdict: 'completed',
  endedAt: null,
  lastHealthy: null,
  hops,
  evidence: [],
  faults: [],
  partial: false,
  partialBecause: [],
  reads: { instances: 1, scans: 1, bytes: 1 },
  elapsedMillis: 1,
  ...fields,
})

/** gateway → orders → payments, which died: no record. */
function died(): ResolveResult {
  const gone = call(2, {
    service: 'payments',
    target: '127.0.0.1:4002',
    outcome: 'ECONNRESET',
    found: 'absent',
    durationMicros: 30_000,
  })
  const orders = hop(1, {
    service: 'orders',
    depth: 1,
    calledBy: idOf(0),
    status: 502,
    error: { name: 'Error', message: 'socket hang up', code: 'ECONNRESET' },
    next: [gone],
  })
  const gateway = hop(0, {
    service: 'gateway',
    status: 502,
    next: [call(1, { service: 'orders', outcome: '502' })],
  })
  return answer([gateway, orders], {
    verdict: 'died',
    endedAt: { service: 'payments', instance: '127.0.0.1:4002', hopId: idOf(2) },
    lastHealthy: { service: 'orders', instance: '127.0.0.1:4001', hopId: idOf(1) },
    evidence: ['orders saw ECONNRESET from payments 127.0.0.1:4002 after 30 ms'],
  })
}

/** An entry that called many hops, one after the other. */
function wide(count: number): ResolveResult {
  const calls = Array.from({ length: count - 1 }, (_, index) =>
    call(index + 1, { offsetMicros: index * 100 }),
  )
  const hops = calls.map((_, index) => hop(index + 1, { depth: 1, calledBy: idOf(0) }))
  return answer([hop(0, { durationMicros: 1_000_000, next: calls }), ...hops])
}

const instance = (service: string): InstanceRow => ({
  service,
  address: '127.0.0.1:4000',
  aliases: [],
  reached: [],
  worker: 0,
  startNanos: 1n,
  host: service,
  boot: '',
  pid: 1,
  endpoint: null,
  stores: [],
  buckets: 1,
  windowMillis: 1000,
  logDir: 'logs',
  loggedThrough: [0, 0],
  heartbeatMillis: 1,
  shippedThroughNanos: 0n,
  dropped: [],
  state: 'running',
})

/** Answers that the test chooses, in place of a resolver's. */
function resolverOf(answers: () => ResolveResult): Resolver {
  const walk = async function* (): AsyncGenerator<WalkStep> {
    const result = answers()
    for (const one of result.hops) yield { kind: 'hop', hop: one }
    yield { kind: 'result', result }
  }
  const progress = (): Awaited<ReturnType<Resolver['progress']>> => {
    const { traceId, verdict, endedAt, lastHealthy, hops, evidence } = answers()
    const events = hops.flatMap(({ service, instance, hopId, events: own }) =>
      own.map((event) => ({ ...event, service, instance, hopId, key: `${hopId}/${event.name}` })),
    )
    return {
      traceId,
      verdict,
      endedAt,
      lastHealthy,
      keys: {},
      events,
      lastEvent: events.at(-1) ?? null,
      running: [],
      evidence,
    }
  }
  return {
    resolve: async () => answers(),
    walk,
    range: async function* () {
      for (const one of answers().hops.slice(0, 40)) yield one
    },
    find: async () => [{ traceId: idOf(0), hopId: idOf(0), time: iso(0) }],
    progress: async () => progress(),
    follow: async function* () {
      yield { kind: 'end', progress: progress() }
    },
    instances: async () => [instance(answers().hops[0]?.service ?? 'none')],
    close: async () => undefined,
  }
}

/** Waits until the row of a service is the chosen one. */
const isChosen = (page: Page, service: string): Promise<unknown> =>
  page.waitForSelector(`.row.chosen strong:text-is("${service}")`)

describeInBrowser('the page in a browser', () => {
  let browser: Browser
  let pageDir: string
  const open: { readonly ui: Ui; readonly page: Page }[] = []

  beforeAll(async () => {
    pageDir = await builtPage()
    browser = await startBrowser()
  })

  afterEach(async () => {
    for (const { ui, page } of open.splice(0)) {
      await page.close()
      await ui.close()
    }
  })

  afterAll(async () => {
    await browser?.close()
    await rm(pageDir, { recursive: true, force: true })
  })

  /** Opens an address of the page. Every error of the page, and every refusal of the policy, fails the test. */
  async function show(
    address: string,
    answers: () => ResolveResult,
    scheme: 'light' | 'dark' = 'light',
  ): Promise<{ page: Page; errors: string[] }> {
    const ui = await startUi({ resolver: resolverOf(answers), pageDir })
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: scheme })
    // A slow machine is no fault of the page.
    page.setDefaultTimeout(120_000)
    open.push({ ui, page })
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())))
    await page.goto(ui.url.replace(/\/$/, '') + address)
    return { page, errors }
  }

  const VIEWS = [
    ['find', '/?service=gateway', 'table tbody tr'],
    ['a trace', `/trace/${idOf(0)}`, '.row'],
    ['services', '/services', 'svg rect, .empty'],
    ['progress', '/progress/orderId=42', '.steps li'],
  ] as const

  it.each(
    VIEWS.flatMap(([name, address, part]) => [
      [name, 'light', address, part] as const,
      [name, 'dark', address, part] as const,
    ]),
  )('the view %s in %s keeps the rules of accessibility', async (_name, scheme, address, part) => {
    const { page, errors } = await show(address, died, scheme)
    await page.waitForSelector(part)
    await page.evaluate(axe.source)
    const { violations } = await page.evaluate<axe.AxeResults>(
      "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] })",
    )
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))])).toEqual([])
    expect(errors).toEqual([])
  })

  it('says on top, and at its row, where a request died', async () => {
    const { page } = await show('/trace/orderId=42', died)
    await page.waitForSelector('.row.end')
    expect(await page.textContent('h1')).toContain(
      'died in payments (127.0.0.1:4002); orders (127.0.0.1:4001) was the last healthy',
    )
    expect(await page.textContent('.row.end')).toMatch(/✗payments.*no record◀ ended here/)
    expect(await page.textContent('.evidence')).toContain('orders saw ECONNRESET')
    expect(await page.textContent('.details')).toContain('The request ended here.')
  })

  it('leads from a list to the place of death with one click', async () => {
    const { page } = await show('/?service=gateway', died)
    expect(await page.inputValue('select[name=last]')).toBe('1h')
    await page.click('table tbody tr a')
    await page.waitForSelector('.row.end.chosen')
    expect(new URL(page.url()).pathname).toMatch(/^\/trace\/[0-9a-f]{32}$/)
  })

  it('is led by the keyboard alone', async () => {
    const { page } = await show(`/trace/${idOf(0)}`, died)
    await page.waitForSelector('.row.end.chosen')
    const chosen = (): Promise<string | null> => page.textContent('.row.chosen strong')
    await page.keyboard.press('Home')
    await isChosen(page, 'gateway')
    await page.keyboard.press('ArrowDown')
    await isChosen(page, 'orders')
    expect(new URL(page.url()).searchParams.get('hop')).toBe(idOf(1))
    await page.keyboard.press('Enter')
    await page.waitForFunction("document.querySelectorAll('.row').length === 2")
    await page.keyboard.press('d')
    await isChosen(page, 'payments')
    await page.keyboard.press('e')
    await isChosen(page, 'gateway')
    await page.keyboard.press('/')
    await page.keyboard.type('ECONNRESET')
    await page.waitForFunction("document.querySelectorAll('.row.found').length === 2")
    await page.keyboard.press('Enter')
    await isChosen(page, 'orders')
    expect(await chosen()).toBe('orders')
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.waitForSelector('.help')
  })

  it('opens at the hop that its address names', async () => {
    const { page } = await show(`/trace/${idOf(0)}?hop=${idOf(1)}`, died)
    await page.waitForSelector('.row.chosen')
    expect(await page.textContent('.row.chosen strong')).toBe('orders')
  })

  it('shows names and values as text, whatever they hold', async () => {
    const evil = (): ResolveResult =>
      answer(
        [
          hop(0, {
            service: MARKUP,
            route: MARKUP,
            keys: { [MARKUP]: MARKUP },
            attributes: { [MARKUP]: MARKUP },
            events: [{ name: MARKUP, time: iso(5), attributes: { [MARKUP]: MARKUP } }],
            error: { name: MARKUP, message: MARKUP, code: MARKUP },
          }),
        ],
        { evidence: [MARKUP] },
      )
    for (const address of [`/trace/${idOf(0)}`, '/?service=x', '/services', '/progress/a=b']) {
      const { page, errors } = await show(address, evil)
      await page.waitForSelector('main :text("<img")')
      expect(await page.evaluate("'hurt' in window")).toBe(false)
      expect(await page.locator('main img').count()).toBe(0)
      expect(errors).toEqual([])
    }
  })

  it('follows a trace that runs, and ends with its verdict', async () => {
    let isRunning = true
    const answers = (): ResolveResult =>
      isRunning
        ? {
            ...answer([hop(0, { service: 'gateway', state: 'open', status: null, durationMicros: null })]),
            verdict: 'running',
          }
        : died()
    const { page } = await show(`/trace/${idOf(0)}`, answers)
    await page.waitForSelector('.verdict.running')
    isRunning = false
    await page.waitForSelector('.verdict.died')
    expect(await page.textContent('.row.end')).toContain('ended here')
  })

  it('says what the server refuses', async () => {
    const { page } = await show('/trace/junk', died)
    expect(await page.textContent('[role=alert]')).toContain('of must be an id')
  })

  it('keeps few rows in the document while a trace of 2,000 hops is moved', async () => {
    const { page, errors } = await show(`/trace/${idOf(0)}`, () => wide(2000))
    await page.waitForSelector('.row')
    await page.waitForSelector('.facts:has-text("2000 hops")')
    expect(await page.getAttribute('.rows', 'aria-rowcount')).toBe('2000')
    const most = await page.evaluate(`(async () => {
      const rows = document.querySelector('.rows')
      let seen = 0
      for (let step = 1; step <= 60; step++) {
        rows.scrollTop = (rows.scrollHeight * step) / 60
        await new Promise((resolve) => requestAnimationFrame(resolve))
        seen = Math.max(seen, document.querySelectorAll('.row').length)
      }
      return seen
    })()`)
    expect(most).toBeLessThan(80)
    await page.waitForSelector('#row-1999')
    expect(errors).toEqual([])
  })

  it('needs the token, and keeps it out of the address', async () => {
    const ui = await startUi({ resolver: resolverOf(died), pageDir, token: 'a-token-of-some-length' })
    const page = await browser.newPage()
    open.push({ ui, page })
    await page.goto(ui.url.replace('/#', '/?service=gateway#'))
    await page.waitForSelector('table tbody tr')
    expect(page.url()).not.toContain('token')
    const other = await browser.newPage()
    await other.goto(`${ui.url.replace(/#.*/, '')}?service=gateway`)
    expect(await other.textContent('[role=alert]')).toContain('needs the token')
    await other.close()
  })
})
