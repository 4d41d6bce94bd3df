import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { Outside } from '../../../src/notifications/index.ts'
import { hear, say } from '../../chat/support.ts'
import { download, picture, upload } from '../../files/support.ts'
import { makeKey } from '../../keys/support.ts'
import { Reader } from '../../notifications/reader.ts'
import { assertCleanBooks } from '../../support/books.ts'
import type { Person } from '../../support/market.ts'
import { selfSigned } from '../../webhooks/certificate.ts'
import { receiver } from '../../webhooks/receiver.ts'
import { type Deal, done, Stage } from './stage.ts'

// What people and their programs see of a trade while it happens.

const HOST = 'bot.example.net'
const certificate = selfSigned([HOST])

let stage: Stage
before(async () => {
  // The name of the bot's machine leads to this one, which the operator allows.
  const outside = new Outside({
    lookup: async () => ['127.0.0.1'],
    allow: '127.0.0.1',
    ca: certificate.cert,
    timeoutMs: 5000,
  })
  stage = await Stage.open({ connections: 20, streams: { longestMs: 60_000 }, outside })
})
after(() => stage?.close())

/** The stream of somebody's events, from the one after `lastId` on. */
async function watch(who: Person, lastId?: string): Promise<Reader> {
  const from = lastId === undefined ? {} : { 'last-event-id': lastId }
  const reader = new Reader(`${stage.market.url}/v1/events`, { ...who.headers(), ...from })
  await reader.until(() => reader.heard.length > 0 || reader.isOver, 'the stream begins')
  assert.equal(reader.status, 200)
  return reader
}

test('a chat with a picture: each side sees words, picture and read mark at once, also after the line was cut', async () => {
  const [marta, dan] = [await stage.trader('marta', '1'), await stage.trader('dan')]
  const sale = await stage.take(dan, await stage.offer(marta), marta)
  await stage.news()
  const [herPage, hisPage] = [await watch(marta), await watch(dan)]

  await say(sale, dan, 'here is my receipt')
  const content = await picture(400, 300).jpeg().toBuffer()
  const file = await upload(stage.market.url, dan, content, { purpose: 'message', name: 'receipt.jpg' })
  assert.equal(file.status, 201, JSON.stringify(file.body))
  await done(dan.post(sale.path, { fileIds: [file.body.id] }))
  await stage.news()
  await herPage.until(() => herPage.kinds.length >= 2, 'she sees both messages')
  assert.deepEqual(herPage.kinds, ['message.posted', 'message.posted'])
  assert.ok(!JSON.stringify(herPage.heard).includes('receipt'), 'the words stay in the chat')
  const [words, receipt] = (await hear(sale, marta)).filter(({ kind }) => kind === 'text')
  assert.equal(words.text, 'here is my receipt')
  const original = await download(stage.market.url, marta, `/v1/files/${receipt.files[0].id}`)
  assert.deepEqual([original.status, original.headers.get('content-type')], [200, 'image/jpeg'])
  const small = await download(stage.market.url, marta, `/v1/files/${receipt.files[0].id}/thumbnail`)
  assert.equal(small.status, 200)

  await done(marta.post(`${sale.path}/read`, { upTo: receipt.number }))
  await stage.news()
  await hisPage.until(() => hisPage.kinds.includes('message.read'), 'he sees that she has read it')
  assert.equal(hisPage.heard.at(-1)?.data.upTo, receipt.number)

  // Her train goes through a tunnel.
  herPage.close()
  await say(sale, dan, 'I pay now')
  await stage.pay(sale)
  await stage.news()
  const back = await watch(marta, herPage.lastId)
  await back.until(() => back.kinds.includes('trade.paid'), 'she finds what she missed')
  assert.deepEqual(
    back.kinds.filter((kind) => kind !== 'message.read'),
    ['message.posted', 'trade.paid'],
    'each once, none twice',
  )
  await stage.release(sale)
  await stage.news()
  for (const page of [back, hisPage])
    await page.until(() => page.kinds.includes('trade.completed'), 'the end')
  for (const page of [back, hisPage]) page.close()
  await assertCleanBooks(stage.market.database.ownerUrl)
})

test('a bot sells by itself: told of each step over HTTPS, signed, it looks at its bank and releases', async () => {
  const [owner, buyer] = [await stage.trader('bot', '1'), await stage.trader('buyer')]
  const bank = await stage.account(owner)
  const endpoint = await receiver({ tls: certificate })
  const url = `https://${HOST}:${endpoint.port}/fairlock`
  const { secret } = await done(owner.post('/v1/webhooks', { url, events: ['trade.*', 'rating.given'] }))
  const bot = await makeKey(owner, stage.market.url)
  const offer = await stage.offer(owner)

  /** What the bot has been told since it last looked; whatever is not signed throws. */
  const messages = async () => {
    await stage.news()
    await stage.webhooks.settled()
    return endpoint.received.splice(0).map(({ body, headers }) => {
      const said = new Webhook(secret).verify(body.toString(), headers as Record<string, string>)
      return said as { type: string; data: { tradeId: string; status?: string; rating?: string } }
    })
  }
  const sale: Deal = await stage.take(buyer, offer, owner)
  const [taken] = await messages()
  assert.deepEqual([taken?.type, taken?.data.tradeId, taken?.data.status], ['trade.taken', sale.id, 'funded'])
  assert.equal(await stage.shownAccount(buyer, sale), bank.iban)
  await stage.pay(sale)
  const [paid] = await messages()
  assert.equal(paid?.type, 'trade.paid')
  const seen = await bot.get(`/v1/trades/${paid?.data.tradeId}`)
  assert.ok(seen.body.actions.includes('release'))
  await done(bot.post(`/v1/trades/${sale.id}/release`, {}))
  assert.deepEqual(
    (await messages()).map(({ type }) => type),
    ['trade.completed'],
  )
  await done(buyer.post(`/v1/trades/${sale.id}/rating`, { rating: '5', feedback: 'seconds' }))
  const [rated] = await messages()
  assert.deepEqual([rated?.type, rated?.data.rating], ['rating.given', '5.00'])
  assert.ok(!JSON.stringify(rated).includes('seconds'), 'what was written is read in the API')
  assert.deepEqual(await stage.bitcoins(buyer), ['0.09980000', '0.00000000'])
  assert.deepEqual(await stage.bitcoins(owner), ['0.89990000', '0.00000000'])
  await endpoint.stop()
  await assertCleanBooks(stage.market.database.ownerUrl)
})
