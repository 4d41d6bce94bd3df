import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { TRADE_STATUSES, TRANSITIONS } from '../../src/trades/index.ts'
import { type Market, startMarket } from '../support/market.ts'
import { STATES, type Standing, type State, type Trades, tradesInEveryState } from './trades.ts'

// The triggers themselves, against the one role that may write trades and escrows at all.

const ESCROW_STATUSES = ['pending', 'funded', 'disputed', 'released', 'refunded'] as const
const LAWS = ['FL093', 'FL095', 'FL096']
const NEW_DISPUTE = '01890000-0000-7000-8000-0000000d1590'

let market: Market
let made: Trades
let engine: pg.Client
let superuser: pg.Client
before(async () => {
  market = await startMarket()
  made = await tradesInEveryState(market)
  engine = new pg.Client(market.database.ownerUrl)
  await engine.connect()
  await engine.query('set role fairlock_engine')
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
})
after(async () => {
  await engine?.end()
  await superuser?.end()
  await market?.stop()
})

for (const state of STATES) {
  test(`${state}: no status of trade, escrow or both is set against the table, even by the engine`, async () => {
    const trade = made.trades[state]
    const wrong: string[] = []
    for (const to of TRADE_STATUSES) {
      for (const escrowTo of ESCROW_STATUSES) {
        if (to === trade.status && escrowTo === trade.escrow) continue
        const outcome = await attempt(engine, setStatuses(trade, to, escrowTo))
        const expected = expectedFor(trade, to, escrowTo, everPaid(state))
        if (expected.includes(outcome)) continue
        wrong.push(`${trade.status}/${trade.escrow} to ${to}/${escrowTo}: ${outcome}, expected ${expected}`)
      }
    }
    assert.deepEqual(wrong, [])
  })
}

test('no trade ends while its escrow holds anything, and no escrow ends with a part of it (I6, I8)', async () => {
  for (const state of ['funded', 'paid', 'disputed'] as const) {
    const trade = made.trades[state]
    const end = setStatuses(trade, 'cancelled', 'refunded')
    assert.equal(await attempt(engine, end), 'FL093', 'nothing was paid out')
    for (const amount of ['0.00000001', '0.05', '0.10009999']) {
      assert.equal(
        await attempt(engine, `${payOut(trade, amount)}; ${end}`),
        'FL093',
        `${amount} was paid out`,
      )
    }
    assert.equal(await attempt(engine, `${payOut(trade, '0.1001')}; ${end}`), 'done')
  }
})

test('an ended escrow is not opened again, and no trade begins in the middle', async () => {
  const ended = made.trades.completed
  assert.equal(await attempt(engine, setStatuses(ended, 'funded', 'funded')), 'FL093', 'there are no coins')
  const begin = (status: string, escrow: string) =>
    `insert into crypto_trades (id, user_id, buyer_id, pair, side, price, amount, total_value, fee, status, deadline,
       funded_at, paid_at, escrow_id)
     select gen_random_uuid(), user_id, buyer_id, pair, side, price, amount, total_value, 0, '${status}', now(),
       ${status === 'pending' ? 'null, null' : 'now(), now()'}, ${escrow} from crypto_trades where id = '${ended.id}'`
  assert.equal(await attempt(engine, begin('paid', 'escrow_id')), 'FL095')
  assert.equal(await attempt(engine, begin('pending', 'null')), 'FL096', 'a trade without an escrow')
  assert.equal(
    await attempt(engine, begin('pending', 'escrow_id')),
    'FL096',
    'a trade with another one’s escrow',
  )
})

// Tried as superuser: the engine may not even name these columns.
test('the two sides and the terms of a trade and an escrow never change (I9)', async () => {
  const trade = made.trades.pending
  const other = made.trades.funded
  const newTerms: Record<string, string> = {
    user_id: `'${(await market.person()).id}'`,
    buyer_id: `'${(await market.person()).id}', taker_id = user_id`,
    taker_id: 'user_id',
    offer_id: `(select offer_id from crypto_trades where id = '${other.id}')`,
    escrow_id: `'${other.escrowId}'`,
    pair: `'BTC/USD'`,
    side: `'buy'`,
    price: 'price + 1',
    amount: 'amount / 2',
    total_value: 'total_value / 2',
    seller_fee: 'seller_fee + 1, fee = fee + 1',
    buyer_fee: 'buyer_fee + 1, fee = fee + 1',
    fee_currency: `'XMR'`,
  }
  for (const [column, value] of Object.entries(newTerms)) {
    const change = `update crypto_trades set ${column} = ${value} where id = '${trade.id}'`
    assert.equal(await attempt(superuser, change), 'FL094', column)
  }
  for (const change of [
    `seller_id = '${(await market.person()).id}'`,
    `buyer_id = '${(await market.person()).id}'`,
    'amount = amount / 2',
    `currency = 'XMR'`,
  ]) {
    const text = `update crypto_escrows set ${change} where id = '${trade.escrowId}'`
    assert.equal(await attempt(superuser, text), 'FL094', change)
  }
})

test('nobody trades with themselves (I9)', async () => {
  const { pending } = made.trades
  const change = `update crypto_trades set buyer_id = user_id, taker_id = user_id where id = '${pending.id}'`
  assert.equal(await attempt(superuser, change), '23514')
})

test('that a trade was marked paid is never undone, and nothing is deleted', async () => {
  for (const state of ['paid', 'disputed', 'completed'] as const) {
    const { id } = made.trades[state]
    for (const when of ['null', `now() + interval '1 hour'`]) {
      const outcome = await attempt(engine, `update crypto_trades set paid_at = ${when} where id = '${id}'`)
      // A paid or disputed trade without the time breaks a CHECK before any trigger looks.
      assert.ok(['FL094', '23514'].includes(outcome), `${state}: ${outcome}`)
    }
  }
  for (const table of [
    'crypto_trades',
    'crypto_escrows',
    'ledger.entries',
    'ledger.transfers',
    'ledger.accounts',
  ]) {
    assert.equal(await attempt(superuser, `delete from ${table}`), 'FL090', table)
    assert.equal(await attempt(superuser, `truncate ${table} cascade`), 'FL090', table)
  }
})

function everPaid(state: State): boolean {
  return state === 'paid' || state === 'disputed' || state === 'completed'
}

function expectedFor(from: Standing, to: string, escrowTo: string, paid: boolean): string[] {
  const isLegal = TRANSITIONS.some(
    (one) =>
      one.from === from.status &&
      one.to === to &&
      one.escrowFrom === from.escrow &&
      one.escrowTo === escrowTo,
  )
  const holds = (status: string) => status === 'funded' || status === 'disputed'
  if (isLegal) return holds(from.escrow) === holds(escrowTo) ? ['done'] : ['FL093']
  return paid && (to === 'pending' || to === 'funded') ? [...LAWS, 'FL094'] : LAWS
}

/** One statement that sets both statuses, with every other column as the CHECKs want it: only the triggers can object. */
function setStatuses(trade: Standing, to: string, escrowTo: string): string {
  const hasEnded = ['completed', 'cancelled', 'expired'].includes(to)
  const setTrade = `update crypto_trades set status = '${to}',
    funded_at = ${to === 'pending' ? 'null' : hasEnded && to !== 'completed' ? 'funded_at' : 'coalesce(funded_at, now())'},
    paid_at = ${['pending', 'funded'].includes(to) ? 'null' : hasEnded ? 'paid_at' : 'coalesce(paid_at, now())'},
    completed_at = ${to === 'completed' ? 'now()' : 'null'},
    cancelled_at = ${hasEnded && to !== 'completed' ? 'now()' : 'null'},
    deadline = ${hasEnded ? 'null' : `now() + interval '1 hour'`},
    dispute_id = ${to === 'disputed' ? `coalesce(dispute_id, '${NEW_DISPUTE}')` : 'dispute_id'},
    dispute_reason = ${to === 'disputed' ? `coalesce(dispute_reason, 'other')` : 'dispute_reason'},
    dispute_status = ${to === 'disputed' ? `'pending'` : `case when dispute_id is not null then 'closed' end`}
    where id = '${trade.id}'`
  const setEscrow = `update crypto_escrows set status = '${escrowTo}',
    funded_at = ${escrowTo === 'pending' ? 'null' : 'coalesce(funded_at, now())'},
    released_at = ${escrowTo === 'released' ? 'now()' : 'null'},
    refunded_at = ${escrowTo === 'refunded' ? 'now()' : 'null'},
    disputed_at = ${escrowTo === 'disputed' ? 'now()' : escrowTo === 'pending' ? 'null' : 'disputed_at'},
    released_amount = ${escrowTo === 'released' ? 'amount' : '0'}, fee_amount = 0,
    refunded_amount = ${escrowTo === 'refunded' ? 'amount' : '0'},
    closed_at = ${['released', 'refunded'].includes(escrowTo) ? 'now()' : 'null'}
    where id = '${trade.escrowId}'`
  if (to === trade.status) return setEscrow
  const both = [...setDispute(trade, to), setTrade, ...(escrowTo === trade.escrow ? [] : [setEscrow])]
  const last = both.pop()
  return both.length === 0
    ? `${last}`
    : `with ${both.map((one, n) => `w${n} as (${one})`).join(', ')} ${last}`
}

/** The dispute as it has to be when its trade comes to that. */
function setDispute(trade: Standing, to: string): string[] {
  if (trade.dispute === null && to === 'disputed')
    return [
      `insert into crypto_disputes (id, trade_id, escrow_id, raised_by, against_user_id, reason)
       select '${NEW_DISPUTE}', id, escrow_id, user_id, buyer_id, 'other' from crypto_trades where id = '${trade.id}'`,
    ]
  if (trade.dispute === null) return []
  const isOpen = to === 'disputed'
  return [
    `update crypto_disputes set status = '${isOpen ? 'pending' : 'closed'}', stage = '${isOpen ? 'open' : 'over'}',
       resolved_at = ${isOpen ? 'null' : 'now()'} where id = '${trade.dispute}'`,
  ]
}

function payOut(trade: Standing, amount: string): string {
  return `select ledger.post('refund', array['${trade.escrowId}', w.id]::uuid[], array[-${amount}, ${amount}]::numeric[],
    null, '${trade.id}', null) from crypto_wallets w where user_id = '${made.seller.id}' and currency = 'BTC'`
}

async function attempt(client: pg.Client, sql: string): Promise<string> {
  await client.query('begin')
  try {
    await client.query(sql)
    return 'done'
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    return error.code ?? 'unknown'
  } finally {
    await client.query('rollback')
  }
}
