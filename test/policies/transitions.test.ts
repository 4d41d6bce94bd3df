import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { newId } from '../../src/platform/index.ts'
import { TRADE_STATUSES, TRANSITIONS } from '../../src/trades/index.ts'
import { call, type Market, type Person, startMarket } from '../support/market.ts'
import { STATES, type Standing, type Trades, tradesInEveryState, withSuperuser } from './trades.ts'

// I7: a trade moves along its table and in no other way, whoever asks, through the API or in SQL.

const EVENTS = {
  fund: { path: 'funding', operation: 'fund_trade' },
  pay: { path: 'payment', operation: 'pay_trade' },
  release: { path: 'release', operation: 'release_trade' },
  cancel: { path: 'cancellation', operation: 'cancel_trade' },
  dispute: { path: 'dispute', operation: 'open_dispute' },
} as const
type Event = keyof typeof EVENTS

let market: Market
let made: Trades
let stranger: Person
let app: pg.Client
before(async () => {
  market = await startMarket()
  made = await tradesInEveryState(market)
  stranger = await market.person('stranger')
  app = new pg.Client(market.database.appUrl)
  await app.connect()
})
after(async () => {
  await app?.end()
  await market?.stop()
})

test('the table in states.ts and the one in the database are the same, row by row', async () => {
  const { rows } = await app.query(
    `select from_status as "from", event, actor, to_status as "to", escrow_from as "escrowFrom",
       escrow_to as "escrowTo" from fairlock.trade_transitions`,
  )
  const sorted = (list: readonly object[]) => list.map((one) => JSON.stringify(one)).sort()
  assert.deepEqual(sorted(rows), sorted(TRANSITIONS))
})

for (const state of STATES) {
  test(`${state}: what the table does not have is refused by the API and changes nothing`, async () => {
    const trade = made.trades[state]
    const before = await fingerprint(trade)
    for (const event of Object.keys(EVENTS) as Event[]) {
      const path = `/v1/trades/${trade.id}/${EVENTS[event].path}`
      const tell = `${event} when ${state}`
      const body = event === 'dispute' ? { reason: 'wrong_amount' } : undefined
      for (const role of ['seller', 'buyer'] as const) {
        if (isLegal(trade, event, role)) continue
        const expected = [409, refusalOf(trade, event)]
        assert.deepEqual(refusal(await made[role].post(path, body)), expected, `${role}: ${tell}`)
      }
      for (const outsider of [stranger, await market.admin()]) {
        assert.deepEqual(refusal(await outsider.post(path, body)), [404, 'not_found'], `outsider: ${tell}`)
      }
      assert.deepEqual(refusal(await call(market.url, 'POST', path, body)), [401, 'not_signed_in'], tell)
    }
    assert.equal(await fingerprint(trade), before)
  })

  test(`${state}: the same in SQL, as fairlock_app for each person`, async () => {
    const trade = made.trades[state]
    const before = await fingerprint(trade)
    for (const event of Object.keys(EVENTS) as Event[]) {
      const command = {
        text: 'select fairlock.command($1, $2, null, null) as answer',
        values: [] as string[],
      }
      command.values = [
        EVENTS[event].operation,
        JSON.stringify({ tradeId: trade.id, entryId: newId(), reason: 'wrong_amount' }),
      ]
      for (const role of ['seller', 'buyer'] as const) {
        if (isLegal(trade, event, role)) continue
        assert.equal(
          await asApp(made[role].id, command),
          refusalOf(trade, event),
          `${role}: ${event} when ${state}`,
        )
      }
      for (const outsider of [stranger, await market.admin()]) {
        assert.equal(await asApp(outsider.id, command), 'not_found', `outsider: ${event} when ${state}`)
      }
      assert.equal(await asApp('', command), 'FL001', `nobody: ${event} when ${state}`)
    }
    assert.equal(await fingerprint(trade), before)
  })

  test(`${state}: the clock comes only when it is time, and nobody can set the status or call the mover`, async () => {
    const trade = made.trades[state]
    const before = await fingerprint(trade)
    const mayExpire = TRANSITIONS.some((one) => one.from === trade.status && one.event === 'expire')
    for (const person of [made.seller, made.buyer, stranger]) {
      const inTime = mayExpire ? 'deadline_not_reached' : 'move_not_allowed'
      const expire = { text: 'select fairlock.expire_trade($1) as answer', values: [trade.id] }
      assert.equal(await asApp(person.id, expire), inTime)
      const open = { text: 'select fairlock.open_overdue_dispute($1) as answer', values: [trade.id] }
      const tooEarly = trade.status === 'paid' ? 'deadline_not_reached' : refusalOf(trade, 'dispute')
      assert.equal(await asApp(person.id, open), tooEarly)
      for (const status of TRADE_STATUSES) {
        const set = { text: 'update crypto_trades set status = $1 where id = $2', values: [status, trade.id] }
        assert.equal(await asApp(person.id, set), '42501')
      }
      for (const status of ['pending', 'funded', 'disputed', 'released', 'refunded']) {
        const set = {
          text: 'update crypto_escrows set status = $1 where id = $2',
          values: [status, trade.escrowId],
        }
        assert.equal(await asApp(person.id, set), '42501')
      }
      for (const event of ['release', 'rule_release', 'expire', 'dispute']) {
        const text = 'select fairlock.move_trade($1, $2, true, null) as answer'
        assert.equal(await asApp(person.id, { text, values: [trade.id, event] }), '42501')
      }
    }
    assert.equal(await fingerprint(trade), before)
  })
}

/** A trade that had its dispute says so; everything else that the table does not have is a move that is not allowed. */
function refusalOf(trade: Standing, event: Event): string {
  return event === 'dispute' && trade.dispute !== null ? 'disputed_already' : 'move_not_allowed'
}

function isLegal(trade: Standing, event: Event, actor: 'seller' | 'buyer'): boolean {
  return TRANSITIONS.some((one) => one.from === trade.status && one.event === event && one.actor === actor)
}

function refusal(answer: Awaited<ReturnType<Person['get']>>): [number, string] {
  return [answer.status, answer.body.code]
}

/** What the database says to a statement of the application for a person: the refusal, or the code of the error. */
async function asApp(userId: string, statement: { text: string; values: string[] }): Promise<string> {
  await app.query('begin')
  try {
    await app.query(`select set_config('fairlock.user_id', $1, true)`, [userId])
    const { rows, rowCount } = await app.query(statement)
    return rows[0]?.answer?.refusal ?? `done, ${rowCount} rows`
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    return error.code ?? 'unknown'
  } finally {
    await app.query('commit')
  }
}

/** Everything of a trade, its escrow, and the coins of its two people. */
function fingerprint(trade: Standing): Promise<string> {
  return withSuperuser(market, async (client) => {
    const { rows } = await client.query<{ text: string }>(
      `select concat_ws(' ', t, e, (select balance from ledger.accounts where id = e.id),
         (select string_agg(a::text, ' ' order by a.id) from ledger.accounts a where user_id in (t.user_id, t.buyer_id))) as text
       from crypto_trades t join crypto_escrows e on e.trade_id = t.id where t.id = $1`,
      [trade.id],
    )
    return rows[0]?.text ?? ''
  })
}
