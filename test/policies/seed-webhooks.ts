import type pg from 'pg'
import { newId } from '../../src/platform/index.ts'
import type { Market } from '../support/market.ts'

/** The owner's webhook with a message to it, a browser of theirs with one on its way, and the market's own key pair. */
export async function seedWebhooks(market: Market, database: pg.Client, owner: string): Promise<void> {
  const [webhook, secret, subscription, pair] = [newId(), newId(), newId(), newId()]
  const seal = (person: string | null, table: string, column: string, row: string) =>
    market.sealer.seal(person, { table: `fairlock.${table}`, column, row }, Buffer.from('a secret'))
  await database.query(
    `insert into fairlock.webhooks (id, user_id, url, events) values ($1, $2, 'https://bot.example.net/', '{*}')`,
    [webhook, owner],
  )
  await database.query(
    'insert into fairlock.webhook_secrets (id, webhook_id, user_id, secret) values ($1, $2, $3, $4)',
    [secret, webhook, owner, await seal(owner, 'webhook_secrets', 'secret', secret)],
  )
  await database.query(
    `insert into fairlock.webhook_deliveries (id, webhook_id, event_id, kind, data, happened_at, due_at)
     values (gen_random_uuid(), $1, 'evt_1', 'trade.paid', '{}', now(), now())`,
    [webhook],
  )
  await database.query(
    `insert into fairlock.push_subscriptions (id, user_id, endpoint, keys) values ($1, $2, 'https://push.example.net/', $3)`,
    [subscription, owner, await seal(owner, 'push_subscriptions', 'keys', subscription)],
  )
  await database.query(
    `insert into fairlock.push_messages (id, subscription_id, notice_id)
     select gen_random_uuid(), $1, id from fairlock.notices where user_id = $2 limit 1`,
    [subscription, owner],
  )
  const adopted = newId()
  await database.query(
    `insert into fairlock.adopted_secrets (id, user_id, table_name, row_key, path, secret)
     values ($1, $2, 'crypto_profiles', 'old', '{security_settings,password}', $3)`,
    [adopted, owner, await seal(owner, 'adopted_secrets', 'secret', adopted)],
  )
  await database.query(
    `insert into fairlock.push_keys (id, public_key, private_key) values ($1, decode(repeat('04', 65), 'hex'), $2)`,
    [pair, await seal(null, 'push_keys', 'private_key', pair)],
  )
}
