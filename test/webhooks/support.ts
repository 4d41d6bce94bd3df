import assert from 'node:assert/strict'
import pg from 'pg'
import { Outside, Webhooks } from '../../src/notifications/index.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'
import { receiver } from './receiver.ts'

/** A market that may call this machine, its background work for webhooks, and an endpoint. */
export async function hookMarket() {
  const outside = new Outside({ allow: '127.0.0.1', timeoutMs: 1000 })
  const market = await startMarket({ outside })
  const superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  const webhooks = new Webhooks(market.db, market.sealer, outside)
  const endpoint = await receiver()
  return {
    market,
    superuser,
    outside,
    webhooks,
    endpoint,
    async stop() {
      await webhooks.close()
      await endpoint.stop()
      await superuser.end()
      await market.stop()
    },
  }
}

export type Hook = { id: string; secret: string }

export async function hookOf(person: Person, port: number, events = ['*'], path = '/'): Promise<Hook> {
  const made = await person.post('/v1/webhooks', { url: `http://127.0.0.1:${port}${path}`, events })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  return made.body
}

/** A piece of news, as the commands publish it and the dispatcher hands it on. */
export async function happen(superuser: pg.Client, people: Person[], kind: string, data: object = {}) {
  const ids = people.map(({ id }) => id)
  await superuser.query('select fairlock.publish($1, $2, null, $3)', [kind, ids, data])
  await tell(superuser)
}

/** Hands all news on to webhooks. */
export async function tell(superuser: pg.Client): Promise<void> {
  await superuser.query('select fairlock.dispatch(10000)')
}

/** As if the pauses and leases of all that waits were over. */
export async function hurry(superuser: pg.Client): Promise<void> {
  await superuser.query(
    `update fairlock.webhook_deliveries set due_at = now(), leased_until = null where state = 'pending'`,
  )
}

export async function deliveriesOf(person: Person, hook: Hook, query = '') {
  const { status, body } = await person.get(`/v1/webhooks/${hook.id}/deliveries${query}`)
  assert.equal(status, 200, JSON.stringify(body))
  return body.items
}

/** The kinds and subjects of what a person was told. */
export async function noticesOf(person: Person): Promise<string[]> {
  const { body } = await person.get('/v1/me/notices')
  return body.items.map(({ kind }: { kind: string }) => kind).reverse()
}

export type HookMarket = Awaited<ReturnType<typeof hookMarket>> & { market: Market }
