import assert from 'node:assert/strict'
import type pg from 'pg'
import type { JsonObject } from '../../src/platform/index.ts'
import { type Actor, expire, type How, newActors, type Reply, tend } from '../support/actors.ts'
import { decimal, units } from '../support/amounts.ts'
import type { Market } from '../support/market.ts'
import type { Amount, Command, Terms, Verb } from './commands.ts'
import { appeal, consent, openByClock, openDispute, rule, settleByClock } from './disputes.ts'
import { type Expected, LIVE, Model, type Offer, type Person, type Trade } from './model.ts'

const PEOPLE = 6

type Said = { by: Actor; operation: string; args: JsonObject; how: How; reply: Reply }

/** A story being played: by new people in the market, and in the model beside it. */
class Story {
  readonly #market: Market
  readonly #superuser: pg.Client
  readonly #actors: Actor[]
  readonly model: Model
  /** What was said with a key, to be said again. */
  readonly #keyed: Said[] = []
  #keys = 0
  readonly #answers: Map<string, number>
  readonly #arbitrators: Actor[]

  constructor(
    market: Market,
    superuser: pg.Client,
    actors: Actor[],
    arbitrators: Actor[],
    answers: Map<string, number>,
  ) {
    this.#arbitrators = arbitrators
    this.#market = market
    this.#superuser = superuser
    this.#actors = actors
    this.#answers = answers
    this.model = new Model(actors.map(({ id }) => id))
  }

  /** Plays one command on both sides and compares; false when there is nothing it could be about. */
  async play(command: Command): Promise<boolean> {
    const { model } = this
    switch (command.do) {
      case 'adjust': {
        const [by, to] = [this.#who(command.by, model.people[0]!), this.#person(command.to)]
        const { currency, amount } = command
        const args = { userId: to.id, currency, amount, reason: 'story' }
        await this.#say(command, by, 'adjust_balance', args, () =>
          model.adjust(by, to, currency, units(amount)),
        )
        return true
      }
      case 'offer': {
        const maker = this.#person(command.by)
        const { side, pair } = command
        const args = { side, pair, ...body(command), ...requirements(command) }
        const full = { ...args, paymentMethodTypes: ['sepa', 'revolut'], paymentWindowMinutes: 30 }
        const reply = await this.#say(command, maker, 'create_offer', full, () =>
          model.offer(maker, side, pair, command),
        )
        if (reply.code === null) model.offers.at(-1)!.id = reply.body.id
        return true
      }
      case 'ban': {
        const [admin, another] = model.people as [Person, Person]
        const by = this.#who(command.by, admin)
        const chosen = this.#person(command.person)
        // A banned administrator is nobody until somebody else lifts the ban, and there is no other one here.
        const person = chosen === admin ? another : chosen
        const until = command.lift ? null : '2999-01-01T00:00:00Z'
        const args = { userId: person.id, until, reason: 'story' }
        await this.#say({ ...command, keyed: false }, by, 'ban', args, () =>
          model.ban(by, person, command.lift),
        )
        return true
      }
      case 'repeat':
        return this.#repeat(command.nth, command.other)
      case 'edit':
      case 'take':
        return this.#aboutOffer(command)
      case 'dispute':
      case 'rule':
      case 'consent':
      case 'appeal':
      case 'tend':
        return this.#aboutDispute(command)
      default:
        return this.#aboutTrade(command)
    }
  }

  async #aboutOffer(command: Command & { do: 'edit' | 'take' }): Promise<boolean> {
    const { model } = this
    const offer = pickLively(model.offers, command.offer, ({ status }) => status === 'open')
    if (offer === undefined) return false
    if (command.do === 'edit') {
      const by = this.#who(command.by, offer.maker)
      const { change } = command
      const args = {
        offerId: offer.id,
        change: { ...body(change), ...(change.status && { status: change.status }) },
      }
      await this.#say({ ...command, keyed: false }, by, 'change_offer', args, () =>
        model.edit(by, offer, change),
      )
      return true
    }
    const taker = this.#person(command.by)
    const amount = amountOf(command.amount, offer)
    const version =
      command.version === 'none'
        ? undefined
        : Math.max(1, offer.version - (command.version === 'old' ? 1 : 0))
    const { method } = command
    const args = { offerId: offer.id, amount: decimal(amount), paymentMethodType: method }
    const full = version === undefined ? args : { ...args, offerVersion: version }
    const reply = await this.#say(command, taker, 'take_offer', full, () =>
      model.take(taker, offer, amount, method, version),
    )
    if (reply.code === null) model.trades.at(-1)!.id = reply.body.id
    return true
  }

  async #aboutTrade(command: Command & { do: 'move' | 'age' | 'expire' }): Promise<boolean> {
    const { model } = this
    const next = command.do === 'move' ? NEXT[command.verb] : LIVE
    const trade = pickLively(model.trades, command.trade, ({ status }) => next.includes(status))
    if (trade === undefined) return false
    if (command.do === 'move') {
      const { verb, by: named } = command
      const by = typeof named === 'number' ? this.#person(named) : trade[named]
      await this.#say(command, by, `${verb}_trade`, { tradeId: trade.id }, () => model.move(by, trade, verb))
    } else if (command.do === 'expire') {
      this.#compare('expire_trade', await expire(this.#market, trade.id), model.expire(trade))
    } else {
      await this.#age(trade)
    }
    return true
  }

  /** Lets the time of whatever the trade waits for be over. */
  async #age(trade: Trade): Promise<void> {
    await this.#superuser.query(`begin; set local session_replication_role = replica;
      update public.crypto_trades set deadline = clock_timestamp() - interval '1 minute'
      where id = '${trade.id}' and deadline is not null; commit`)
    trade.late = true
    if (trade.dispute !== null) {
      await this.#superuser.query(`begin; set local session_replication_role = replica;
        update fairlock.dispute_rulings set appeal_until = clock_timestamp() - interval '1 minute'
        where dispute_id = '${trade.dispute.id}' and state = 'appeal'; commit`)
      trade.dispute.late = true
    }
  }

  async #aboutDispute(
    command: Command & { do: 'dispute' | 'rule' | 'consent' | 'appeal' | 'tend' },
  ): Promise<boolean> {
    const { trades } = this.model
    const unpaid = trades.find(({ status, late }) => status === 'funded' && !late)
    if (command.do === 'dispute' && unpaid !== undefined && !trades.some(({ status }) => status === 'paid')) {
      // Or there would be few disputes, and fewer appeals.
      const { id: tradeId, buyer } = unpaid
      await this.#say({ ...command, keyed: false }, buyer, 'pay_trade', { tradeId }, () =>
        this.model.move(buyer, unpaid, 'pay'),
      )
    }
    const isNext = ({ status, dispute }: Trade) => {
      if (command.do === 'dispute') return status === 'paid'
      if (command.do === 'tend')
        return (command.trade % 2 === 0 && status === 'paid') || dispute?.stage === 'appeal'
      if (command.do === 'rule') return dispute?.stage === 'open' || dispute?.stage === 'appealed'
      return dispute?.stage === command.do
    }
    const trade = pickLively(trades, command.trade, isNext)
    if (trade === undefined) return false
    const reason = 'so it is'
    // Mostly the clock comes because it is time.
    if (command.do === 'tend' && command.trade % 8 < 6 && LIVE.includes(trade.status)) await this.#age(trade)
    if (command.do === 'dispute') {
      const by = typeof command.by === 'number' ? this.#person(command.by) : trade[command.by]
      const args = { tradeId: trade.id, reason: 'payment_reversed' }
      const reply = await this.#say(command, by, 'open_dispute', args, () => openDispute(by, trade))
      if (reply.code === null) trade.dispute!.id = reply.body.id
      return true
    }
    if (command.do === 'tend' && trade.dispute?.stage !== 'appeal') {
      const reply = await tend(this.#market, 'open_overdue_dispute', trade.id)
      this.#compare('open_overdue_dispute', reply, openByClock(trade))
      if (reply.code === null) trade.dispute!.id = reply.body.id
      return true
    }
    const { dispute } = trade
    if (dispute === null) return false
    const args = { disputeId: dispute.id, reason }
    if (command.do === 'tend') {
      const reply = await tend(this.#market, 'settle_due_ruling', dispute.id)
      this.#compare('settle_due_ruling', reply, settleByClock(trade, dispute))
    } else if (command.do === 'appeal') {
      const by = typeof command.by === 'number' ? this.#person(command.by) : trade[command.by]
      await this.#say(command, by, 'appeal_dispute', args, () => appeal(by, trade, dispute))
    } else if (command.do === 'consent') {
      const second = await this.#assigned(dispute.id, true)
      if (dispute.stage !== 'consent' || second === undefined) return false
      const { agree } = command
      const reply = await second.do('consent_dispute', { ...args, agree })
      this.#compare('consent_dispute', reply, consent(dispute, agree))
    } else {
      return this.#rule(command, trade)
    }
    return true
  }

  async #rule(command: Command & { do: 'rule' }, trade: Trade): Promise<boolean> {
    const dispute = trade.dispute!
    const { outcome, part, by } = command
    const whole = trade.amount - trade.buyerFee
    const buyers = part === 1000 ? whole : (whole * BigInt(part)) / 1000n
    // An amount of nothing is not of the form that the call takes.
    const buyerAmount = decimal(buyers === 0n ? 1n : buyers)
    const args = {
      disputeId: dispute.id,
      reason: 'so it is',
      outcome,
      ...(outcome === 'split' && { buyerAmount }),
    }
    const expected = (who: Person | null) => rule(who, trade, dispute, outcome, units(buyerAmount))
    if (typeof by === 'number') {
      const person = by % 2 === 0 ? trade.buyer : this.#person(by)
      await this.#say({ ...command, keyed: false }, person, 'rule_dispute', args, () => expected(person))
      return true
    }
    const arbitrator = await this.#assigned(dispute.id, false)
    // Between ruling and appeal it is nobody's turn.
    if (arbitrator === undefined || dispute.stage === 'appeal') return false
    this.#compare('rule_dispute', await arbitrator.do('rule_dispute', args), expected(null))
    return true
  }

  /** The arbitrator who rules, or consents; of an ended dispute the last one. */
  async #assigned(disputeId: string, isSecond: boolean): Promise<Actor | undefined> {
    const { rows } = await this.#superuser.query(
      `select arbitrator_id as id from fairlock.dispute_assignments where dispute_id = $1 and (part = 'second') = $2
       order by ended_at is null desc, assigned_at desc limit 1`,
      [disputeId, isSecond],
    )
    return this.#arbitrators.find(({ id }) => id === rows[0]?.id)
  }

  async #say(command: Command, by: Person, operation: string, args: JsonObject, rule: () => Expected) {
    const actor = this.#actors[this.model.people.indexOf(by)]!
    // A key of its own for every command: what was refused may or may not have been kept under its key.
    const how = { http: command.http, key: command.keyed ? `key ${this.#keys++}` : undefined }
    const reply = await actor.do(operation, args, how)
    this.#compare(operation, reply, rule())
    // Who has nothing to do with a dispute is told so before anything is kept under a key.
    const isKept = !(operation.endsWith('_dispute') && reply.code === 'not_found')
    if (command.keyed && isKept) this.#keyed.push({ by: actor, operation, args, how, reply })
    return reply
  }

  /** The same key: the first answer to the letter, and a refusal for another request. Nothing is done again. */
  async #repeat(nth: number, other: boolean): Promise<boolean> {
    const said = pick(this.#keyed, nth)
    if (said === undefined) return false
    const { by, operation, args, how, reply } = said
    if (!other) assert.deepEqual(await by.do(operation, args, how), reply, 'a repetition was answered anew')
    else {
      const different = { userId: by.id, currency: 'BTC', amount: '7.7', reason: 'another request' }
      const refused = { status: 422, code: 'idempotency_key_reused' }
      this.#compare(operation, await by.do('adjust_balance', different, how), refused)
    }
    return true
  }

  #compare(operation: string, reply: Reply, expected: Expected): void {
    compare(reply, expected)
    const answer = `${operation}: ${reply.code ?? 'done'}`
    this.#answers.set(answer, (this.#answers.get(answer) ?? 0) + 1)
  }

  /** Everything that everybody has, and where every offer and trade stands. */
  async compareAll(): Promise<void> {
    const { people, offers, trades } = this.model
    const { rows } = await this.#superuser.query(EVERYTHING, [people.map(({ id }) => id)])
    const wallets = people.flatMap((person) =>
      ['BTC', 'ETH'].map((currency) => {
        const [available, held] = [person.coins.get(currency) ?? 0n, this.model.held(person, currency)]
        return `${person.id} ${currency} ${decimal(available)} ${decimal(held)}`
      }),
    )
    const stand = [
      ...wallets.filter((line) => !line.endsWith(' 0.00000000 0.00000000')),
      ...offers.map((one) => `${one.id} ${one.status} ${one.version} ${decimal(one.total - one.taken)}`),
      ...trades.map((one) =>
        [
          one.id,
          one.status,
          one.escrow,
          ...(one.dispute === null ? [] : [one.dispute.status, one.dispute.stage]),
        ].join(' '),
      ),
      ...people.map((one) => `${one.id} disputed ${one.disputed}`),
    ]
    assert.deepEqual(rows.map((row) => row.line).sort(), stand.sort())
  }

  #person(choice: number): Person {
    return pick(this.model.people, choice)!
  }

  #who(named: string | number, usual: Person): Person {
    return typeof named === 'number' ? this.#person(named) : usual
  }
}

const EVERYTHING = `
  select concat_ws(' ', user_id, currency, balance::text, held::numeric(20, 8)::text) as line
  from (
    select w.user_id, w.currency, w.balance, coalesce((select sum(e.amount) from public.crypto_escrows e
      where e.seller_id = w.user_id and e.currency = w.currency and e.status in ('funded', 'disputed')), 0) as held
    from public.crypto_wallets w where w.user_id = any ($1)) w
  where balance <> 0 or held <> 0
  union all
  select concat_ws(' ', id, status, version, (total_amount - taken_amount)::text)
  from fairlock.offers where maker_id = any ($1)
  union all
  select concat_ws(' ', t.id, t.status, e.status, d.status, d.stage) from public.crypto_trades t
  join public.crypto_escrows e on e.id = t.escrow_id left join public.crypto_disputes d on d.trade_id = t.id
  where t.user_id = any ($1)
  union all
  select concat_ws(' ', user_id, 'disputed', disputed_trades) from public.crypto_profiles where user_id = any ($1)`

/** Plays a story with new people; gives how many of its commands were about something. */
export async function playStory(
  market: Market,
  superuser: pg.Client,
  arbitrators: Actor[],
  commands: Command[],
  answers: Map<string, number>,
): Promise<number> {
  const actors = await newActors(market, PEOPLE)
  await superuser.query(`insert into fairlock.staff_roles (user_id, role) values ($1, 'admin')`, [
    actors[0]!.id,
  ])
  const story = new Story(market, superuser, actors, arbitrators, answers)
  let played = 0
  for (const command of commands) {
    if (!(await story.play(command))) continue
    played++
    await story.compareAll()
  }
  return played
}

function compare(reply: Reply, expected: Expected): void {
  const { status, code } = reply
  // Closing an offer over HTTP is answered with 204 and nothing more.
  const isSilent = status === 204
  assert.deepEqual(
    { status: isSilent ? 200 : status, code },
    { status: expected.status, code: expected.code },
  )
  if (expected.field !== undefined) assert.equal(reply.body.errors?.[0]?.field, expected.field)
  if (expected.facts !== undefined && !isSilent) assert.partialDeepStrictEqual(reply.body, expected.facts)
}

function pick<T>(list: readonly T[], choice: number): T | undefined {
  return list.length === 0 ? undefined : list[choice % list.length]
}

/** Three times out of four one with which something can still be done, if there is one. */
/** In which states a move is somebody's turn, so that trades get on. */
const NEXT: Record<Verb, readonly Trade['status'][]> = {
  fund: ['pending'],
  pay: ['funded'],
  release: ['paid', 'disputed'],
  cancel: LIVE,
}

function pickLively<T>(list: readonly T[], choice: number, isLively: (one: T) => boolean): T | undefined {
  const lively = choice % 4 === 0 ? [] : list.filter(isLively)
  return pick(lively.length === 0 ? list : lively, choice)
}

function body(terms: Partial<Pick<Terms, 'price' | 'total' | 'min' | 'max'>>): JsonObject {
  return {
    ...(terms.price !== undefined && { pricing: { type: 'fixed', price: terms.price } }),
    ...(terms.total !== undefined && { totalAmount: terms.total }),
    ...(terms.min !== undefined && { minAmount: terms.min }),
    ...(terms.max !== undefined && { maxAmount: terms.max }),
  }
}

function requirements({ minTrades, firstLimit }: Terms): JsonObject {
  if (minTrades === null && firstLimit === null) return {}
  return { requirements: { minCompletedTrades: minTrades, firstTradeLimit: firstLimit } }
}

function amountOf({ of, part, free }: Amount, { min, max, total, taken }: Offer): bigint {
  const rest = total - taken
  const most = rest < max ? rest : max
  const between = most > min ? min + ((most - min) * BigInt(part)) / 1000n : min
  const amounts = { min, max, rest: rest > 0n ? rest : 1n, between, beyond: max + 1n, free: units(free) }
  return amounts[of]
}
