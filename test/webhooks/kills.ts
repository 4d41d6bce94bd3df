import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { Webhook } from 'standardwebhooks'
import { asEngine } from '../../src/platform/index.ts'
import { Program } from '../faults/program.ts'
import { call, offerBody } from '../support/market.ts'
import { receiver } from './receiver.ts'
import { tell } from './support.ts'

/** When the program dies: before anything was sent, while an endpoint has not answered, or with its answer on the way. */
const MOMENTS = ['between the outbox and the delivery', 'during the delivery', 'after the answer'] as const
type Moment = (typeof MOMENTS)[number]
const DELIVERED_WITHIN_MS = 60_000

export type KillFigures = {
  kills: number
  events: number
  messages: number
  received: number
  slowest: number
}
type Someone = { id: string; token: string }

/**
 * Kills the program with SIGKILL around the delivery of webhooks, again and again, and looks whether each message
 * arrives at least once, under one id. `isPatient`: waits for the leases of the dead, instead of ending them.
 */
export async function killDeliveries(kills: number, isPatient: boolean): Promise<KillFigures> {
  const program = await Program.prepare([], { FAIRLOCK_WEBHOOKS_ALLOW: '127.0.0.1' })
  const endpoint = await receiver()
  try {
    await program.start()
    await program.furnish()
    const scene = new Scene(program, endpoint)
    await scene.begin()
    let slowest = 0
    for (let kill = 0; kill < kills; kill++) {
      await scene.killAt(MOMENTS[kill % MOMENTS.length]!)
      slowest = Math.max(slowest, await scene.untilDelivered(isPatient))
    }
    const figures = await scene.judge()
    return { kills, slowest, ...figures }
  } catch (error) {
    throw new Error(`the program has said:\n${program.said}`, { cause: error })
  } finally {
    await endpoint.stop()
    await program.stop()
  }
}

class Scene {
  readonly #program: Program
  readonly #endpoint: Awaited<ReturnType<typeof receiver>>
  readonly #secrets = new Map<string, string>()
  #seller!: Someone
  #buyer!: Someone
  #offer = ''
  #trades = 0

  constructor(program: Program, endpoint: Awaited<ReturnType<typeof receiver>>) {
    this.#program = program
    this.#endpoint = endpoint
  }

  /** Two people who trade, each with a webhook. */
  async begin(): Promise<void> {
    const admin = await this.#person('admin')
    await asEngine((await this.#program.database()).ownerUrl, (client) =>
      client.query(`select fairlock.set_staff_role($1, 'admin', true)`, [admin.id]),
    )
    this.#seller = await this.#person('seller')
    this.#buyer = await this.#person('buyer')
    const credit = { userId: this.#seller.id, currency: 'BTC', amount: '100', reason: 'load' }
    await this.#post(admin, '/v1/admin/adjustments', credit)
    this.#offer = (await this.#post(this.#seller, '/v1/offers', offerBody({ totalAmount: '100' }))).id
    for (const [who, path] of [
      [this.#seller, '/seller'],
      [this.#buyer, '/buyer'],
    ] as const) {
      const url = `http://127.0.0.1:${this.#endpoint.port}${path}`
      const { secret } = await this.#post(who, '/v1/webhooks', { url, events: ['trade.*'] })
      this.#secrets.set(path, secret)
    }
  }

  /** Lets something happen, and kills the program at that moment; it is started again at once. */
  async killAt(moment: Moment): Promise<void> {
    const killed = new Promise<void>((resolve) => {
      this.#endpoint.answer((response) => {
        // Not before the program is dead, or at the same moment.
        if (moment === 'after the answer') response.writeHead(204).end()
        resolve()
      })
    })
    if (moment === 'between the outbox and the delivery') {
      await this.#trade()
      await this.#program.kill()
    } else {
      await this.#trade()
      await this.#asSuperuser(tell)
      await killed
      await this.#program.kill()
    }
    this.#endpoint.answer((response) => response.writeHead(204).end())
    await this.#program.start()
  }

  /** Waits until every message has been delivered; gives the seconds that took. */
  async untilDelivered(isPatient: boolean): Promise<number> {
    const began = performance.now()
    await this.#asSuperuser(async (superuser) => {
      while ((await leftOver(superuser)) > 0) {
        assert.ok(performance.now() - began < DELIVERED_WITHIN_MS, 'messages are not delivered')
        if (!isPatient) {
          await superuser.query(
            `update fairlock.webhook_deliveries set due_at = now(), leased_until = null
             where state = 'pending' and last_attempt_at < now() - interval '1 second'`,
          )
        }
        await sleep(50)
      }
    })
    return (performance.now() - began) / 1000
  }

  /** Whether each event of each trade has come to both sides, each under one id, signed. */
  async judge(): Promise<{ events: number; messages: number; received: number }> {
    const ids = new Map<string, Set<string>>()
    for (const { path, headers, body } of this.#endpoint.received) {
      const secret = this.#secrets.get(path)
      assert.ok(secret)
      const { type, data } = new Webhook(secret).verify(
        body.toString(),
        headers as Record<string, string>,
      ) as {
        type: string
        data: { tradeId: string }
      }
      const event = `${path} ${type} ${data.tradeId}`
      ids.set(event, (ids.get(event) ?? new Set()).add(String(headers['webhook-id'])))
    }
    const events = this.#trades * 3
    assert.equal(ids.size, 2 * events, 'every event has come to both sides')
    for (const [event, different] of ids)
      assert.equal(different.size, 1, `${event} has come under several ids`)
    assert.equal(
      new Set([...ids.values()].map((one) => [...one][0])).size,
      events,
      'no two events share an id',
    )
    return { events, messages: ids.size, received: this.#endpoint.received.length }
  }

  /** A trade with three events: taken, paid and completed. */
  async #trade(): Promise<void> {
    const body = { amount: '0.01', paymentMethodType: 'sepa' }
    const { id } = await this.#post(this.#buyer, `/v1/offers/${this.#offer}/trades`, body)
    await this.#post(this.#buyer, `/v1/trades/${id}/payment`)
    await this.#post(this.#seller, `/v1/trades/${id}/release`)
    this.#trades++
  }

  /** PostgreSQL goes with the program, and its connections with it. */
  async #asSuperuser<T>(work: (superuser: pg.Client) => Promise<T>): Promise<T> {
    const superuser = new pg.Client((await this.#program.database()).superuserUrl)
    await superuser.connect()
    try {
      return await work(superuser)
    } finally {
      await superuser.end()
    }
  }

  async #person(name: string): Promise<Someone> {
    const body = { email: `${name}@example.org`, password: `four quiet words of ${name}`, displayName: name }
    const { user, token } = await this.#post(null, '/v1/auth/register', body)
    return { id: user.id, token }
  }

  async #post(who: Someone | null, path: string, body?: object) {
    const headers: Record<string, string> = who === null ? {} : { authorization: `Bearer ${who.token}` }
    const answer = await call(this.#program.url, 'POST', path, body, headers)
    assert.ok(answer.status < 300, `${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
}

/** How much is still in the outbox or not delivered. */
async function leftOver(superuser: pg.Client): Promise<number> {
  await tell(superuser)
  const { rows } = await superuser.query<{ left: number }>(
    `select (select count(*) from fairlock.outbox where kind like 'trade.%')::integer
       + count(*) filter (where state <> 'delivered')::integer as left from fairlock.webhook_deliveries`,
  )
  return rows[0]?.left ?? 0
}
