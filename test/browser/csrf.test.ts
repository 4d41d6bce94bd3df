import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { type Market, type Person, passwordOf, startMarket } from '../support/market.ts'
import { openBrowser } from './chromium.ts'

// A real browser with a session cookie visits a page of somebody else: nothing that page does changes anything. The
// page on 127.0.0.1 is of the same site (only its port differs), so SameSite does not help there; the one on
// localhost is of another site.

let market: Market
let person: Person
let chromium: Awaited<ReturnType<typeof openBrowser>>
let foreign: Server
let context: BrowserContext
let own: Page
before(async () => {
  ;[market, chromium] = await Promise.all([startMarket(), openBrowser()])
  person = await market.person('victim')
  foreign = createServer((_request, response) =>
    response.setHeader('content-type', 'text/html').end('<p>Free coins</p>'),
  )
  await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve))
  context = await chromium.browser.newContext({ bypassCSP: true })
  own = await context.newPage()
  await own.goto(`${market.url}/docs`)
  const body = { email: person.email, password: passwordOf('victim_1'), session: 'cookie' }
  assert.equal(await ask(own, 'POST', '/v1/auth/login', body), 200)
})
after(async () => {
  await chromium?.close()
  foreign?.close()
  await market?.stop()
})

/** A request as the web app makes it; the answer's status. */
function ask(page: Page, method: string, path: string, body?: object): Promise<number> {
  const init = { method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body) }
  return page.evaluate(`fetch(${JSON.stringify(path)}, ${JSON.stringify(init)}).then((r) => r.status)`)
}

test('over plain http on this machine the browser keeps the cookie, sends it, and hides it from scripts', async () => {
  const [cookie] = await context.cookies()
  assert.deepEqual(
    [cookie?.name, cookie?.httpOnly, cookie?.secure, cookie?.sameSite],
    ['__Host-fairlock', true, true, 'Strict'],
  )
  assert.equal(await own.evaluate('document.cookie'), '')
  assert.equal(await ask(own, 'GET', '/v1/me'), 200)
  assert.equal(await ask(own, 'PATCH', '/v1/me', { country: 'DE' }), 200)
})

for (const host of ['127.0.0.1', 'localhost']) {
  test(`a page on another origin, at ${host}, changes nothing and reads nothing`, async () => {
    const page = await context.newPage()
    await page.goto(`http://${host}:${(foreign.address() as AddressInfo).port}/`)
    const send = (path: string, init: object) =>
      page.evaluate(
        `fetch(${JSON.stringify(market.url + path)}, ${JSON.stringify({ credentials: 'include', ...init })})
          .then((r) => r.type === 'opaque' ? 'opaque' : r.status, () => 'blocked')`,
      )
    const change = JSON.stringify({ country: 'FR' })
    const json = { 'content-type': 'application/json' }
    assert.equal(await send('/v1/me', { method: 'PATCH', headers: json, body: change }), 'blocked')
    // These do arrive, and are refused; what is kept from the page by Cross-Origin-Resource-Policy is the answer.
    assert.equal(await send('/v1/auth/logout', { method: 'POST', mode: 'no-cors' }), 'blocked')
    assert.equal(await send('/v1/auth/logout', { method: 'POST', mode: 'no-cors', body: '{}' }), 'blocked')
    assert.equal(await send('/v1/me', {}), 'blocked', 'no answer is readable from elsewhere')

    await page.setContent(
      `<form method="post" action="${market.url}/v1/auth/logout"><button>Win</button></form>`,
    )
    const [answer] = await Promise.all([
      page.waitForResponse(`${market.url}/v1/auth/logout`),
      page.locator('button').click(),
    ])
    assert.ok([401, 403].includes(answer.status()), `${answer.status()}`)

    await page.goto(`http://${host}:${(foreign.address() as AddressInfo).port}/`)
    await page.setContent(
      `<form method="post" enctype="text/plain" action="${market.url}/v1/api-keys">
       <input name='{"name":"evil","scopes":["trade"],"x":"' value='"}'><button>Win</button></form>`,
    )
    const [form] = await Promise.all([
      page.waitForResponse(`${market.url}/v1/api-keys`),
      page.locator('button').click(),
    ])
    assert.ok([401, 403].includes(form.status()), `${form.status()}`)
    await page.close()

    assert.equal(await ask(own, 'GET', '/v1/me'), 200, 'the session lives')
    assert.equal((await person.get('/v1/me')).body.country, 'DE')
    assert.deepEqual((await person.get('/v1/api-keys')).body.items, [])
  })
}

test('signing out from our own page ends the session and takes the cookie away', async () => {
  assert.equal(await ask(own, 'POST', '/v1/auth/logout', {}), 204)
  assert.deepEqual(await context.cookies(), [])
  assert.equal(await ask(own, 'GET', '/v1/me'), 401)
})
