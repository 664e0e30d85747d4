import { rm } from 'node:fs/promises'
import { HoptraceError, type HopJson, type Resolver, type ResolveResult } from '@hoptrace/core'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { builtPage, startBrowser } from '../../../../dev/browser.mjs'
import { describeInBrowser } from '../../../../dev/describe-in-browser.js'
import { startUi, type Ui } from '../index.js'
import { answer, died, hop, idOf, iso, resolverOf, wide } from './answers.fixture.js'

const MARKUP = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>'

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
    own: Partial<Resolver> = {},
  ): Promise<{ ui: Ui; page: Page; errors: string[] }> {
    const ui = await startUi({ resolver: resolverOf(answers, own), pageDir })
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: scheme })
    // A slow machine is no fault of the page.
    page.setDefaultTimeout(300_000)
    open.push({ ui, page })
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())))
    await page.goto(ui.url.replace(/\/$/, '') + address)
    return { ui, page, errors }
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
    await page.locator('.row').nth(2).waitFor({ state: 'detached' })
    await page.keyboard.press('d')
    await isChosen(page, 'payments')
    await page.keyboard.press('e')
    await isChosen(page, 'gateway')
    await page.keyboard.press('/')
    await page.keyboard.type('ECONNRESET')
    await page.locator('.row.found').nth(1).waitFor()
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

  it('shows what a service has given so far, and waits no longer when it is stopped', async () => {
    let stopped = (): void => undefined
    const gone = new Promise<void>((resolve) => (stopped = resolve))
    const range: Resolver['range'] = async function* ({ signal }) {
      yield* died().hops
      // From here on the service does not answer.
      await new Promise((resolve) => signal?.addEventListener('abort', resolve))
      stopped()
    }
    const { page, errors } = await show('/?service=gateway', died, 'light', { range })
    await page.waitForSelector('tbody tr:nth-child(2)')
    expect(await page.textContent('.status')).toMatch(/^Reading: 2 requests, up to/)
    await page.click('button:text("Stop")')
    await page.waitForSelector('.status:has-text("Stopped: 2 requests")')
    await gone
    await page.click('tbody tr a')
    await page.waitForSelector('.row.end.chosen')
    expect(errors).toEqual([])
  })

  it('says which part of a list could not be read, beside what was read, and asks again', async () => {
    let isAway = true
    const range: Resolver['range'] = async function* () {
      yield* died().hops
      if (isAway) throw new HoptraceError('HOPTRACE_INSTANCE_UNAVAILABLE', 'orders does not answer')
    }
    const { page, errors } = await show('/?service=gateway', died, 'light', { range })
    await page.waitForSelector('[role=alert]:has-text("orders does not answer")')
    await page.waitForSelector('tbody tr:nth-child(2)')
    isAway = false
    await page.click('button:text("Ask again")')
    await page.waitForSelector('.status:has-text("2 requests"):not(:has-text("Reading"))')
    expect(await page.locator('[role=alert]').count()).toBe(0)
    isAway = true
    await page.click('button:text("List")')
    await page.waitForSelector('[role=alert]')
    expect(errors).toEqual([])
  })

  it('keeps the hops of a walk that was cut, and asks again', async () => {
    let isAway = true
    const walk: Resolver['walk'] = async function* () {
      const result = died()
      for (const one of result.hops) yield { kind: 'hop', hop: one }
      if (isAway) throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', 'the store is away')
      yield { kind: 'result', result }
    }
    const { page, errors } = await show(`/trace/${idOf(0)}`, died, 'light', { walk })
    await page.waitForSelector('[role=alert]:has-text("the store is away")')
    await page.waitForSelector('.verdict.undetermined')
    await page.waitForSelector('.row strong:text-is("orders")')
    isAway = false
    await page.click('button:text("Ask again")')
    await page.waitForSelector('.verdict.died')
    expect(await page.locator('[role=alert]').count()).toBe(0)
    expect(errors).toEqual([])
  })

  it('says why an answer is partial', async () => {
    const { page } = await show(`/trace/${idOf(0)}`, () => ({
      ...died(),
      partial: true,
      partialBecause: ['deadline'],
    }))
    expect(await page.textContent('.verdict .note')).toContain('the deadline passed')
  })

  it('follows a running trace through a time in which the server is away', async () => {
    const running = (): ResolveResult => ({
      ...answer([hop(0, { service: 'gateway', state: 'open', status: null, durationMicros: null })]),
      verdict: 'running',
    })
    const { ui, page } = await show(`/trace/${idOf(0)}`, running)
    await page.waitForSelector('.verdict.running')
    await ui.close()
    await page.waitForSelector('[role=alert]')
    await page.waitForSelector('[role=alert]:has-text("does not answer")')
    expect(await page.textContent('.row strong')).toBe('gateway')
    const again = await startUi({ resolver: resolverOf(died), pageDir, port: Number(new URL(ui.url).port) })
    open.push({ ui: again, page })
    await page.waitForSelector('.verdict.died')
    expect(await page.locator('[role=alert]').count()).toBe(0)
  })

  it.each([
    ['/services', 'instances', '[aria-label=Instances] tbody tr'],
    ['/progress/orderId=42', 'follow', '.sentence:has-text("died")'],
  ] as const)('says in %s that nothing answers, and asks again', async (address, method, part) => {
    let isAway = true
    const usual = resolverOf(died)
    const away = new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', 'the registry does not answer')
    const own: Partial<Resolver> =
      method === 'instances'
        ? { instances: async () => (isAway ? Promise.reject(away) : usual.instances()) }
        : {
            follow: async function* (of) {
              if (isAway) throw away
              yield* usual.follow(of)
            },
          }
    const { page } = await show(address, died, 'light', own)
    await page.waitForSelector('[role=alert]:has-text("the registry does not answer")')
    isAway = false
    await page.click('button:text("Ask again")')
    await page.waitForSelector(part)
    expect(await page.locator('[role=alert]').count()).toBe(0)
  })

  describe('the scatter plot', () => {
    // At the left edge, in the middle and at the right edge.
    const hops = [0, 2, 4].map((second) =>
      hop(second, {
        traceId: idOf(second),
        startTime: iso(second * 1e6),
        durationMicros: 100_000 * (second + 1),
      }),
    )
    const [first, middle, last] = hops.map(({ startTime }) => Date.parse(startTime)) as [
      number,
      number,
      number,
    ]
    const address = `/?service=gateway&from=${first - 1000}&to=${last + 1000}`
    const within = ({ startTime }: HopJson, from: number, to: number): boolean =>
      Date.parse(startTime) >= from && Date.parse(startTime) <= to
    const own: Partial<Resolver> = {
      resolve: async (id) => answer(hops.filter(({ hopId }) => hopId === id)),
      range: async function* ({ from, to }) {
        yield* hops.filter((one) => within(one, Number(from), Number(to)))
      },
    }

    /** Shows the three points; gives the plot's place, and that of the point in the middle. */
    async function plotted(): Promise<{ page: Page; left: number; width: number; x: number; y: number }> {
      const { page } = await show(address, () => answer(hops), 'light', own)
      await page.waitForSelector('.status:has-text("3 requests"):not(:has-text("Reading"))')
      const box = await page.locator('.scatter .u-over').boundingBox()
      if (box === null) throw new Error('there is no plot')
      // The axis of durations ends a tenth above the longest.
      const y = box.y + box.height * (1 - 300 / (500 * 1.1))
      return { page, left: box.x, width: box.width, x: box.x + box.width / 2, y }
    }

    it('opens the trace of a point that is clicked', async () => {
      const { page, x, y } = await plotted()
      await page.mouse.click(x + 3, y - 3)
      await page.waitForSelector('.row.chosen')
      expect(new URL(page.url()).pathname).toBe(`/trace/${idOf(2)}`)
    })

    it('narrows the time to what is dragged over, also where the drag ends at a point', async () => {
      const { page, left, width, x, y } = await plotted()
      await page.mouse.move(left + width / 4, y)
      await page.mouse.down()
      await page.mouse.move(left + width / 3, y, { steps: 4 })
      await page.mouse.move(x + 6, y, { steps: 4 })
      await page.mouse.up()
      await page.waitForSelector('.status:has-text("1 request,"):not(:has-text("Reading"))')
      const { pathname, searchParams } = new URL(page.url())
      expect([pathname, searchParams.get('service')]).toEqual(['/', 'gateway'])
      const [from, to] = [Number(searchParams.get('from')), Number(searchParams.get('to'))]
      expect(from).toBeGreaterThan(first)
      expect(from).toBeLessThan(middle)
      expect(to).toBeGreaterThanOrEqual(middle)
      expect(to).toBeLessThan(last)
      await page.goBack()
      await page.waitForSelector('.status:has-text("3 requests")')
    })
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
