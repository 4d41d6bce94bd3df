import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { type Market, startMarket } from '../support/market.ts'
import { ACTORS, type Actor, seed } from './seed.ts'

// Every command, by everybody, with somebody else's ids: who can change a row of the owner's that way.

const STAFF: Actor[] = ['admin', 'compliance', 'support']
const EVERYBODY: Actor[] = ['counterparty', 'other', 'admin', 'support', 'compliance', 'arbitrator']

/** The commands that change something of the owner's at another's hand, and at whose. All others change nothing. */
const CHANGES: Record<string, Actor[]> = {
  take_offer: EVERYBODY,
  // The buyer of the disputed trade concedes, or answers.
  cancel_trade: ['counterparty'],
  // The other side of the trade's chat.
  read_messages: ['counterparty'],
  answer_dispute: ['counterparty'],
  // The assigned arbitrator rules, and asks the owner.
  rule_dispute: ['arbitrator'],
  ask_in_dispute: ['arbitrator'],
  adjust_balance: ['admin'],
  set_kyc: ['admin', 'compliance'],
  ban: ['admin', 'compliance'],
  // The lists of others, on which the owner may be.
  mark_person: EVERYBODY,
  forgive_fault: ['admin', 'compliance'],
  hide_rating_texts: ['admin', 'compliance'],
  decide_payment_method: ['admin', 'compliance'],
  claim_kyc: ['admin', 'compliance'],
  ask_access: STAFF,
  break_glass: STAFF,
  approve_access: ['admin', 'compliance'],
  refuse_access: ['admin', 'compliance'],
  // And whoever asked takes the request back.
  revoke_access: STAFF,
}

let market: Market
let ids: Record<Actor, string>
let superuser: pg.Client
let operations: string[]
let args: Record<string, unknown>
let sums: string
let sealed: Record<string, string>

before(async () => {
  market = await startMarket()
  ids = await seed(market)
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  operations = (await text(`select prosrc from pg_proc where oid = 'fairlock.command'::regproc`))
    .matchAll(/when '(\w+)' then/g)
    .map(([, name]) => name ?? '')
    .toArray()
  args = await ownersThings()
  // What somebody says comes sealed: a side's words with their own key, those of staff with the platform's.
  const place = { table: 'fairlock.dispute_entries', column: 'body', row: String(args.entryId) }
  const seal = (owner: string | null) => market.sealer.seal(owner, place, Buffer.from('words'))
  sealed = { [ids.counterparty]: await seal(ids.counterparty), staff: await seal(null) }
  sums = await checksumOf()
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

test('every argument that names a row is one of the owner’s here', async () => {
  const sources = await text(
    `select string_agg(prosrc, E'\\n') from pg_proc p join pg_namespace n on n.oid = pronamespace where nspname = 'fairlock'`,
  )
  const named = new Set(sources.matchAll(/\bp ->> '(\w*Id)'/g).map(([, name]) => name ?? ''))
  const unknown = [...named].filter((name) => !(name in args))
  assert.deepEqual(unknown, [], 'Give these an id of the owner’s in test/policies/commands.test.ts.')
  assert.ok(operations.length > 30 && Object.keys(CHANGES).every((name) => operations.includes(name)))
})

for (const actor of ACTORS.filter((one) => one !== 'owner')) {
  test(`${actor}: changes of the owner’s things what is named, and nothing else`, async () => {
    const changed: string[] = []
    for (const operation of operations) {
      if (await changesOwner(operation, ids[actor])) changed.push(operation)
    }
    const expected = Object.entries(CHANGES).filter(([, actors]) => actors.includes(actor))
    assert.deepEqual(changed.sort(), expected.map(([operation]) => operation).sort())
  })
}

/** Whether the command has another effect on the owner's rows than none; it is taken back. */
async function changesOwner(operation: string, actor: string): Promise<boolean> {
  await superuser.query('begin')
  try {
    await superuser.query(`select set_config('fairlock.user_id', $1, true)`, [actor])
    // About a person or about a case, never both.
    const { tradeId: _, ...personal } = args
    // By the type of the account, as buyers take.
    const { paymentMethodId: __, priceLockId: ___, ...byType } = args
    const fitting = /access|glass/.test(operation) ? personal : operation === 'take_offer' ? byType : args
    const given = { ...fitting, sealed: sealed[actor] ?? sealed.staff }
    await superuser.query('select fairlock.command($1, $2, null, null)', [operation, JSON.stringify(given)])
    return (await checksumOf()) !== sums
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    return false
  } finally {
    await superuser.query('rollback')
  }
}

/** What of the owner's a command can be pointed at, and values that are in order otherwise. */
async function ownersThings(): Promise<Record<string, unknown>> {
  const { rows } = await superuser.query(
    `select $1::uuid as "userId", t.id as "tradeId", t.offer_id as "offerId",
       t.dispute_id as "disputeId", gen_random_uuid() as "entryId", null as "arbitratorId", $1::uuid as "askedId",
       (select id from fairlock.dispute_entries where asked_id = $1) as "questionId",
       (select id from fairlock.sessions where user_id = $1 limit 1) as "sessionId",
       (select id from fairlock.notices where user_id = $1 limit 1) as "noticeId",
       (select id from fairlock.messages where author_id = $1 limit 1) as "messageId",
       (select id from fairlock.api_keys where user_id = $1 limit 1) as "keyId",
       (select id from fairlock.ratings where rated_id = $1 limit 1) as "ratingId",
       (select id from fairlock.faults where user_id = $1 limit 1) as "faultId",
       (select id from fairlock.passkeys where user_id = $1 limit 1) as "passkeyId",
       (select id from fairlock.webhooks where user_id = $1 limit 1) as "webhookId",
       (select d.id from fairlock.webhook_deliveries d join fairlock.webhooks w on w.id = webhook_id
        where w.user_id = $1 limit 1) as "deliveryId",
       (select id from fairlock.webhook_secrets where user_id = $1 limit 1) as "secretId",
       (select id from crypto_payment_methods where user_id = $1 limit 1) as "methodId",
       (select id from crypto_payment_methods where user_id = $1 limit 1) as "paymentMethodId",
       (select id from fairlock.announcements where withdrawn_at is null limit 1) as "announcementId",
       gen_random_uuid() as "newId", gen_random_uuid() as "priceLockId",
       (select id from fairlock.kyc_requests where user_id = $1 limit 1) as "requestId",
       gen_random_uuid() as "evidenceId",
       (select id from fairlock.files where owner_id = $1 limit 1) as "fileId",
       (select id from fairlock.access_grants where person_id = $1 and status = 'asked' limit 1) as "grantId"
     from crypto_trades t where user_id = $1 and status = 'disputed'`,
    [ids.owner],
  )
  const values = {
    amount: '0.01',
    currency: 'BTC',
    reason: 'no reason but a test',
    minutes: 5,
    upTo: 2,
    scope: 'trades',
  }
  const more = {
    change: { status: 'closed' },
    level: 'full',
    until: '2999-01-01T00:00:00Z',
    email: 'x@example.org',
  }
  const rest = {
    name: 'stolen',
    displayName: 'stolen',
    justified: true,
    review: 'a test',
    was: 'x',
    becomes: 'y',
  }
  const webhook = { since: '2000-01-01T00:00:00Z', endpoint: 'https://push.example.net/' }
  const marks = { mark: 'blocked', rating: '5.00', text: 'thanks', feedbackHidden: true }
  const passkey = { credentialId: 'credential', rpId: 'localhost' }
  return {
    ...rows[0],
    ...values,
    ...more,
    ...rest,
    ...passkey,
    ...webhook,
    ...marks,
    paymentMethodType: 'sepa',
    verified: true,
    isPrimary: true,
    outcome: 'refund',
    to: 'seller',
    agree: true,
    tokenHash: '00'.repeat(32),
  }
}

/** One checksum of every row that names the owner, in every table that refers to people. */
async function checksumOf(): Promise<string> {
  statement ??= await text(
    `select string_agg(format('select %L || md5(coalesce(string_agg(t::text, ''|'' order by t::text), '''')) as sum '
         'from %s t where %I = %L', conrelid::regclass || ' ' || attname, conrelid::regclass, attname, $1::text),
       ' union all ')
     from pg_constraint join pg_attribute on attrelid = conrelid and attnum = conkey[1]
     where contype = 'f' and confrelid = 'public.users'::regclass`,
    [ids.owner],
  )
  return text(`select string_agg(sum, ' ' order by sum) from (${statement}) sums`)
}
let statement: string | undefined

async function text(sql: string, values: string[] = []): Promise<string> {
  const { rows } = await superuser.query<[string]>({ text: sql, values, rowMode: 'array' })
  return rows[0]?.[0] ?? ''
}
