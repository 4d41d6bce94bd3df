import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Market, offerBody, startMarket } from '../support/market.ts'

let market: Market
before(async () => {
  market = await startMarket()
})
after(() => market.stop())

test('a sale from offer to release: the buyer gets the coins less the fee, the seller pays theirs, to the last decimal', async () => {
  const seller = await market.person('marta')
  const buyer = await market.person('dan')
  await market.credit(seller, 'BTC', '1.5')

  const offer = await seller.post('/v1/offers', offerBody({ pricing: { type: 'fixed', price: '61240.50' } }))
  assert.equal(offer.status, 201, JSON.stringify(offer.body))
  const taken = await buyer.post(`/v1/offers/${offer.body.id}/trades`, {
    amount: '0.05',
    paymentMethodType: 'sepa',
    offerVersion: offer.body.version,
  })
  assert.equal(taken.status, 201, JSON.stringify(taken.body))
  assert.equal(taken.body.status, 'funded')
  assert.equal(taken.body.role, 'buyer')
  assert.deepEqual(taken.body.actions, ['pay', 'cancel'])
  assert.equal(taken.body.totalValue, '3062.03000000')
  assert.equal(taken.body.sellerFee, '0.00005000')
  assert.equal(taken.body.buyerFee, '0.00010000')
  assert.equal(taken.body.fee, '0.00015000')
  assert.equal(taken.body.escrow.amount, '0.05005000')
  assert.partialDeepStrictEqual((await seller.get('/v1/wallets/BTC')).body, {
    currency: 'BTC',
    available: '1.44995000',
    held: '0.05005000',
  })

  const trade = `/v1/trades/${taken.body.id}`
  assert.equal((await buyer.post(`${trade}/payment`)).body.status, 'paid')
  const released = await seller.post(`${trade}/release`)
  assert.equal(released.status, 200, JSON.stringify(released.body))
  assert.equal(released.body.status, 'completed')
  assert.equal(released.body.escrow.status, 'released')
  assert.equal(released.body.escrow.releasedAmount, '0.04990000')
  assert.equal(released.body.escrow.feeAmount, '0.00015000')
  assert.partialDeepStrictEqual((await seller.get('/v1/wallets/BTC')).body, {
    currency: 'BTC',
    available: '1.44995000',
    held: '0.00000000',
  })
  assert.partialDeepStrictEqual((await buyer.get('/v1/wallets/BTC')).body, {
    currency: 'BTC',
    available: '0.04990000',
    held: '0.00000000',
  })

  const movements = (await seller.get('/v1/transactions')).body.items
  assert.deepEqual(
    movements.map((one: { type: string; amount: string; platformFee: string | null }) => [
      one.type,
      one.amount,
      one.platformFee,
    ]),
    [
      ['sell', '0.05005000', '0.00005000'],
      ['hold', '0.05005000', '0.00000000'],
      ['adjustment', '1.50000000', '0.00000000'],
    ],
  )
})
