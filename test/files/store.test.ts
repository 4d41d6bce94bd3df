import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Market, type Person, startMarket } from '../support/market.ts'
import { download, picture, sha256, textOf, upload } from './support.ts'

let market: Market
let owner: Person
let other: Person
before(async () => {
  market = await startMarket()
  ;[owner, other] = [await market.person(), await market.person()]
})
after(() => market?.stop())

const MOST = 20 * 1024 * 1024

test('20 MB go in and come out byte for byte; one byte more is refused and leaves nothing', async () => {
  const content = textOf(MOST)

  const kept = await upload(market.url, owner, content, { name: 'chat.txt' })
  assert.equal(kept.status, 201, JSON.stringify(kept.body))
  assert.deepEqual(
    [kept.body.bytes, kept.body.mediaType, kept.body.sha256],
    [MOST, 'text/plain', sha256(content)],
  )

  const back = await download(market.url, owner, `/v1/files/${kept.body.id}`)
  assert.equal(back.status, 200)
  assert.ok(back.bytes.equals(content))
  const more = await upload(market.url, owner, textOf(MOST + 1))
  assert.deepEqual([more.status, more.body.code], [413, 'file_too_large'], JSON.stringify(more.body))
})

test('a picture', async () => {
  const content = await picture(800, 600).png().toBuffer()
  const kept = await upload(market.url, owner, content, { name: 'scrée n.png' })
  assert.equal(kept.status, 201, JSON.stringify(kept.body))
  const back = await download(market.url, owner, `/v1/files/${kept.body.id}/thumbnail`)
  assert.equal((await download(market.url, other, `/v1/files/${kept.body.id}`)).status, 404)
})
