import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import pg from 'pg'
import { openBrowser } from '../browser/chromium.ts'
import { codeOf, guarded } from '../factors/support.ts'
import { type Market, type Person, startMarket, TEST_KEYS } from '../support/market.ts'
import { PUBLIC_URL, signIn } from './support.ts'

let market: Market
let chromium: Awaited<ReturnType<typeof openBrowser>>
before(async () => {
  ;[market, chromium] = await Promise.all([startMarket(), openBrowser()])
})
after(async () => {
  await chromium?.close()
  await market?.stop()
})

/** What the operator's terminal prints for somebody who gets no mail. */
async function linkFromTerminal(person: Person): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['src/main.ts', 'user', 'reset', '--email', person.email],
    {
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: market.database.ownerUrl,
        FAIRLOCK_KEYRING: 'env:TEST_KEYRING',
        FAIRLOCK_PUBLIC_URL: PUBLIC_URL,
        ...TEST_KEYS,
      },
    },
  )
  return stdout.trim()
}

test('the link from a terminal opens a page that sets a new password, and hides its token at once', async () => {
  const person = await market.person()
  const link = await linkFromTerminal(person)
  assert.match(link, /^https:\/\/market\.example\.org\/account#password-reset=[\w-]{36}\.[\w-]{43}$/)
  const page = await chromium.browser.newPage()
  const faults: string[] = []
  const asked: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
  page.on('request', (request) => asked.push(request.url()))
  await page.goto(link.replace(PUBLIC_URL, market.url))
  await page.getByLabel('New password').fill('Password1!')
  assert.equal(page.url(), `${market.url}/account`, 'the token is out of the address')
  await page.getByRole('button').click()
  await page.getByText('too easy to guess or is known').waitFor()
  faults.length = 0 // Chromium counts the 422 as an error of the page.
  await page.getByLabel('New password').fill('seven green lamps on a hill')
  await page.getByRole('button').click()
  await page.getByText('Your new password is set').waitFor()
  assert.deepEqual(faults, [])
  assert.ok(asked.every((url) => !url.includes(link.split('=')[1] ?? '')))
  assert.equal((await person.get('/v1/me')).status, 401)
  await signIn(market, person, 'seven green lamps on a hill')
})

test('without a token the page says where one comes from', async () => {
  const page = await chromium.browser.newPage()
  await page.goto(`${market.url}/account#constructor=x`)
  await page.getByText('Open the link of a mail').waitFor()
  assert.equal(await page.getByRole('button').count(), 0)
})

test('the page asks for the second factor of who has one, and takes a code of the app or a recovery code', async () => {
  const superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  try {
    const { person, secret, recoveryCodes } = await guarded(market, superuser)
    for (const code of [codeOf(secret), recoveryCodes[0]!]) {
      const page = await chromium.browser.newPage()
      await page.goto((await linkFromTerminal(person)).replace(PUBLIC_URL, market.url))
      assert.equal(await page.getByLabel('Code of your').isVisible(), false)
      await page.getByLabel('New password').fill(`seven green lamps ${code}`)
      await page.getByRole('button').click()
      await page.getByLabel('Code of your').fill(code)
      await page.getByRole('button').click()
      await page.getByText('Your new password is set').waitFor()
      await page.close()
    }
  } finally {
    await superuser.end()
  }
})
