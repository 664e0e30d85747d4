import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createResolver, type Resolver } from '@hoptrace/core'
import { startUi, type Ui } from '@hoptrace/ui'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { builtPage, startBrowser } from '../../../dev/browser.mjs'
import { describeInBrowser } from '../../../dev/describe-in-browser.js'
import { Chain } from '../chain/chain.js'
import { freePorts } from '../chain/ports.js'
import { placeMany } from '../chain/shop.js'
import { ask } from './ask.js'
import type { Stage } from './scenario.js'
import { scenarios } from './scenarios.js'

/** Where the pictures of the docs are put: `HOPTRACE_PICTURES=docs/pictures`. */
const pictures = process.env['HOPTRACE_PICTURES']

describeInBrowser('the page on the demo chain', () => {
  let dataDir: string
  let pageDir: string
  let chain: Chain
  let resolver: Resolver
  let ui: Ui
  let browser: Browser
  let page: Page
  let died: { readonly subject: string; readonly orderId: string }

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-page-demo-'))
    pageDir = await builtPage()
    chain = new Chain({ ports: await freePorts(), dataDir })
    await chain.startAll()
    let order = 900
    const stage: Stage = {
      chain,
      where: { dataDir, store: 'level' },
      orderId: () => String(++order),
      say: () => undefined,
    }
    await placeMany(
      chain.entryUrl,
      40,
      (index) => String(index + 1),
      () => undefined,
      4,
    )
    const scenario = scenarios.find(({ name }) => name === 'killed after calling on')
    if (scenario === undefined) throw new Error('the scenario has another name')
    const caused = await scenario.cause(stage)
    died = caused
    expect((await ask(stage.where, caused.subject, scenario.expected, 60_000)).wrong).toEqual([])
    await scenario.repair?.(stage)
    resolver = createResolver({ dir: dataDir })
    ui = await startUi({ resolver, pageDir })
    browser = await startBrowser()
    page = await browser.newPage({ viewport: { width: 1280, height: 760 } })
    page.setDefaultTimeout(300_000)
  })

  afterAll(async () => {
    await browser?.close()
    await ui?.close()
    await resolver?.close()
    await chain?.stopAll()
    await rm(dataDir, { recursive: true, force: true })
    await rm(pageDir, { recursive: true, force: true })
  })

  const picture = async (name: string): Promise<void> => {
    if (pictures === undefined) return
    await mkdir(pictures, { recursive: true })
    await page.screenshot({ path: path.join(pictures, `${name}.png`) })
  }

  it('leads from the list to the place of death with two clicks', async () => {
    await page.goto(ui.url)
    await page.fill('input[name=service]', 'gateway')
    await page.click('button:text("List")')
    await page.waitForSelector('.status:not(:has-text("Reading"))')
    const row = page.locator('tbody tr', { hasText: 'died' })
    await row.waitFor()
    expect(await page.inputValue('select[name=last]')).toBe('1h')
    await picture('find')
    await row.locator('a').click()
    const end = page.locator('.row.end')
    await end.waitFor()
    await end.click()
    expect(await page.textContent('h1')).toMatch(/died in payments .* orders .* was the last healthy service/)
    expect(await end.textContent()).toContain('payments')
    expect(await page.textContent('.details')).toContain('payment.authorized')
    await picture('trace')
  })

  it('shows which service calls which', async () => {
    await page.goto(`${ui.url}services?span=3600000`)
    await page.waitForSelector('svg rect.box')
    const calls = await page.locator('[aria-label=Calls] tbody tr').allTextContents()
    for (const [from, to] of [
      ['gateway', 'orders'],
      ['orders', 'payments'],
      ['payments', 'inventory'],
      ['orders', 'notify'],
    ])
      expect(calls.some((line) => line.startsWith(`${from}${to}`))).toBe(true)
    await picture('services')
  })

  it('shows how far an order got', async () => {
    await page.goto(`${ui.url}progress/${encodeURIComponent(`orderId=${died.orderId}`)}`)
    await page.waitForSelector('.steps .bad')
    const steps = await page.locator('.steps li').allTextContents()
    expect(steps[0]).toContain('order.received in gateway')
    expect(steps.at(-1)).toContain('died in payments')
    await picture('progress')
  })
})
