import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { fillDemo } from '../../src/cli/demo.ts'
import { demoApi } from '../support/demo.ts'
import { type Market, startMarket } from '../support/market.ts'
import { openBrowser } from './chromium.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Rules of axe about what the width and the theme change; the others read the same document at any. */
const OF_LOOKS = [
  'color-contrast',
  'target-size',
  'scrollable-region-focusable',
  'link-in-text-block',
  'aria-hidden-focus',
]
const PAGES = ['/', '/docs', '/docs/errors']

let market: Market
let chromium: Awaited<ReturnType<typeof openBrowser>>
before(async () => {
  ;[market, chromium] = await Promise.all([startMarket(), openBrowser()])
  await fillDemo(market.database, demoApi(market))
})
after(async () => {
  await chromium?.close()
  await market?.stop()
})

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1280, 360]) {
    // Both widths and both themes, without every combination: a run takes half a second of two cores.
    const isForAxe = (width === 360) === (colorScheme === 'dark')
    const rules = width === 360 ? OF_LOOKS : null
    test(`at ${width} px in ${colorScheme}: nothing sticks out, nothing fails${isForAxe ? ', axe finds nothing' : ''}`, async () => {
      await withPage({ width, colorScheme }, async (page, said) => {
        for (const path of PAGES) {
          const answer = await page.goto(market.url + path)
          assert.equal(answer?.status(), 200, path)
          const [content, view] = await page.evaluate<[number, number]>(
            '[document.documentElement.scrollWidth, innerWidth]',
          )
          assert.ok(content <= view, `${path} is ${content} px wide on a screen of ${view}`)
          if (isForAxe) assert.deepEqual(await accessibilityProblems(page, rules), [], path)
        }
        assert.deepEqual(said, [])
      })
    })
  }
}

test('under their own policy the pages find their style and nothing is blocked', async () => {
  const page = await chromium.browser.newPage()
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  for (const path of PAGES) {
    await page.goto(market.url + path)
    assert.equal(await page.evaluate('getComputedStyle(document.body).marginTop'), '0px')
    const heading = await page.locator('h1').boundingBox()
    assert.ok(heading && heading.height > 20, 'there is a font to write with')
  }
  await page.close()
  assert.deepEqual(said, [])
})

test('every link within the pages leads somewhere', async () => {
  await withPage({ width: 1280, colorScheme: 'light' }, async (page) => {
    // A page has hundreds of links into itself: each address is asked for once.
    const texts = new Map<string, string | null>()
    const textAt = async (url: string) => {
      if (!texts.has(url)) {
        const answer = await page.request.get(url)
        texts.set(url, answer.status() === 200 ? await answer.text() : null)
      }
      return texts.get(url) ?? null
    }
    for (const path of PAGES) {
      await page.goto(market.url + path)
      const links = await page.$$eval('a[href]', (found) => found.map((one) => one.getAttribute('href')!))
      assert.ok(links.length > 5)
      for (const link of new Set(links)) {
        const [address = '', anchor = ''] = link.split('#')
        const text = await textAt(new URL(address || path, market.url).href)
        assert.ok(text !== null, link)
        if (anchor !== '') assert.ok(text.includes(`id="${anchor}"`), link)
      }
    }
  })
})

test('an anchor scrolls to its call, and the way there needs no mouse', async () => {
  await withPage({ width: 1280, colorScheme: 'light' }, async (page) => {
    await page.goto(`${market.url}/docs#post-v1-offers-id-trades`)
    const call = page.locator('#post-v1-offers-id-trades')
    await call.locator('.summary').waitFor({ state: 'visible' })
    const box = await call.boundingBox()
    assert.ok(box && box.y >= 0 && box.y < 120, `it begins at ${box?.y} px`)

    await page.goto(`${market.url}/docs`)
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the text')
    await page.keyboard.press('Enter')
    assert.equal(await page.evaluate('document.activeElement.id'), 'main')
    const answer = page.locator('#get-v1-trades-id details')
    const field = answer.getByText('escrow.releasedAmount')
    await field.waitFor({ state: 'hidden' })
    await answer.locator('summary').focus()
    await page.keyboard.press('Enter')
    await field.waitFor({ state: 'visible' })
  })
})

async function withPage(
  { width, colorScheme }: { width: number; colorScheme: 'light' | 'dark' },
  work: (page: Page, said: string[]) => Promise<void>,
): Promise<void> {
  // The policy of the pages lets no script in, not even the test's own.
  const context = await chromium.browser.newContext({
    viewport: { width, height: 800 },
    colorScheme,
    bypassCSP: true,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  const said: string[] = []
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => said.push(error.message))
  page.on('requestfailed', (request) => said.push(`${request.url()} ${request.failure()?.errorText}`))
  try {
    await work(page, said)
  } finally {
    await context.close()
  }
}

type Violation = { id: string; impact: string; nodes: { html: string }[] }

async function accessibilityProblems(page: Page, rules: string[] | null): Promise<string[]> {
  await page.evaluate(axe)
  const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) }
  const { violations } = await page.evaluate<{ violations: Violation[] }>(
    `axe.run(${JSON.stringify(options)})`,
  )
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html}`)
}
