import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { JsonObject } from '../../src/platform/index.ts'
import { type Actor, newActors, type Reply } from '../support/actors.ts'
import { SHIPPED_LEVELS, setLevels } from '../support/house.ts'
import { type Market, offerBody } from '../support/market.ts'
import { ENDLESS_PATIENCE } from '../support/patience.ts'

export type Level = 'none' | 'basic' | 'full' | 'institution'
/** Numbers of US dollars, as the tests count them: whole cents, or as the database prints them. */
export type Used = { daily: string; monthly: string }

/** A market under the shipped limits where a bitcoin costs 100,000 US dollars, and a superuser who moves the days. */
export class Counter {
  readonly market: Market
  readonly superuser: pg.Client
  readonly #admin: string

  private constructor(market: Market, superuser: pg.Client, admin: string) {
    this.#admin = admin
    this.market = market
    this.superuser = superuser
  }

  static async open(market: Market): Promise<Counter> {
    // What is counted on a day is compared with it: nothing begins just before midnight.
    const untilMidnight = 86_400_000 - (Date.now() % 86_400_000)
    if (untilMidnight < 20_000) await sleep(untilMidnight)
    const superuser = new pg.Client(market.database.superuserUrl)
    await superuser.connect()
    await superuser.query(ENDLESS_PATIENCE)
    await superuser.query('update fairlock.settings set live_trades_per_user = 100')
    await setLevels(market.database.ownerUrl, SHIPPED_LEVELS)
    return new Counter(market, superuser, (await market.admin()).id)
  }

  close = () => this.superuser.end()

  /** People of a level, with a thousand bitcoins each. */
  async people(count: number, level: Level): Promise<Actor[]> {
    const people = await newActors(this.market, count)
    for (const { id } of people) {
      await this.level(id, level)
    }
    await this.superuser.query(
      `select set_config('fairlock.user_id', $1, false), fairlock.command('adjust_balance', jsonb_build_object(
         'userId', id, 'currency', 'BTC', 'amount', '1000', 'reason', 'deposit'), null, null) from unnest($2::uuid[]) id`,
      [this.#admin, people.map(({ id }) => id)],
    )
    return people
  }

  /** Sets a level past the commands, as whatever way there is. */
  async level(id: string, level: Level): Promise<void> {
    await this.superuser.query(
      `update crypto_profiles set kyc_status = $2, kyc_verified_at = case when $2 <> 'pending' then now() end
       where user_id = $1`,
      [id, level === 'none' ? 'pending' : level],
    )
  }

  async offer(maker: Actor, changes: JsonObject = {}): Promise<string> {
    const body = offerBody({
      pair: 'BTC/USD',
      pricing: { type: 'fixed', price: '100000' },
      totalAmount: '1000',
      minAmount: '0.00001',
      maxAmount: '1000',
      ...changes,
    })
    const made = await maker.do('create_offer', body as JsonObject)
    assert.equal(made.code, null, JSON.stringify(made.body))
    return made.body.id
  }

  take(taker: Actor, offerId: string, amount: string): Promise<Reply> {
    return taker.do('take_offer', { offerId, amount, paymentMethodType: 'sepa' })
  }

  /** A take that is not refused. */
  async trade(taker: Actor, offerId: string, amount: string): Promise<string> {
    const reply = await this.take(taker, offerId, amount)
    assert.equal(reply.code, null, JSON.stringify(reply.body))
    return reply.body.id
  }

  /** What limits_of says is used, at a time. */
  async used(id: string, at = new Date()): Promise<Used> {
    const { rows } = await this.superuser.query(
      `select round(daily_used, 2)::text as daily, round(monthly_used, 2)::text as monthly
       from fairlock.limits_of($1, $2)`,
      [id, at],
    )
    return rows[0]
  }

  /**
   * The days pass: whatever was counted becomes so many days older. Where the first of a month comes to lie between two
   * trades that counted in one month, or no longer does, the month's volume changes by what that moves.
   */
  async daysPass(days: number): Promise<void> {
    await this.asIntruder(`
      with months as (
        select p.id, sum(t.reference_value) filter (where fairlock.month_of(t.counted_on - ${days})
            = fairlock.month_of(p.volume_day - ${days})) as after,
          sum(t.reference_value) filter (where fairlock.month_of(t.counted_on) = fairlock.month_of(p.volume_day)) as before
        from crypto_profiles p join crypto_trades t on p.user_id in (t.user_id, t.buyer_id)
        where t.status not in ('cancelled', 'expired') group by p.id
      )
      update crypto_profiles p
      set current_monthly_volume = current_monthly_volume + coalesce(m.after, 0) - coalesce(m.before, 0)
      from months m where m.id = p.id;
      update crypto_profiles set volume_day = volume_day - ${days};
      update crypto_trades set counted_on = counted_on - ${days};
      update crypto_wallets set withdrawal_day = withdrawal_day - ${days};
      update crypto_transactions set counted_on = counted_on - ${days} where counted_on is not null`)
  }

  /** With every trigger switched off. */
  async asIntruder(sql: string): Promise<void> {
    await this.superuser.query('set session_replication_role = replica')
    await this.superuser.query(sql)
    await this.superuser.query('set session_replication_role = origin')
  }

  /** The error code of a statement that the engine tries. */
  async refused(sql: string, values: unknown[] = []): Promise<string | undefined> {
    await this.superuser.query('begin; set local role fairlock_engine')
    try {
      await this.superuser.query(sql, values)
      return undefined
    } catch (error) {
      return (error as pg.DatabaseError).code
    } finally {
      await this.superuser.query('rollback')
    }
  }
}

/** How many replies have each code. */
export function tally(replies: Reply[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { code } of replies) counts[code ?? 'done'] = (counts[code ?? 'done'] ?? 0) + 1
  return counts
}
