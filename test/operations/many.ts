import assert from 'node:assert/strict'
import pg from 'pg'
import { openSigner } from '../../src/audit/index.ts'
import { checkSnapshot, takeSnapshot } from '../../src/operations/index.ts'
import type { Market } from '../support/market.ts'
import { check } from './trees.ts'

export type Figures = {
  leaves: number
  takenSeconds: string
  megabytes: number
  checkedSeconds: string
  proofMs: string
  tableMegabytes: number
}

/**
 * Puts so many people with coins into the books, all credited as the ledger does it, takes a snapshot, checks it, and
 * asks for the proof of a real person among them. The plan of that question may read rows by their keys only.
 */
export async function proveMany(market: Market, people: number): Promise<Figures> {
  const person = await market.person()
  await market.credit(person, 'BTC', '0.5')
  const superuser = new pg.Client({
    connectionString: market.database.superuserUrl,
    options: '-c timezone=UTC -c synchronous_commit=off',
  })
  await superuser.connect()
  try {
    await fill(superuser, people - 1)
    const signer = await openSigner(market.database.ownerUrl, market.db, market.sealer)
    const memory = watchMemory()
    const began = performance.now()
    const taken = await takeSnapshot(market.database.ownerUrl, signer)
    const takenSeconds = ((performance.now() - began) / 1000).toFixed(1)
    const megabytes = memory.stop()
    const tree = taken?.trees.find(({ currency }) => currency === 'BTC')
    assert.ok(tree !== undefined && tree.people >= people)
    await superuser.query('analyze fairlock.liability_leaves, fairlock.liability_nodes')

    const checking = performance.now()
    const found = await checkSnapshot(market.database.ownerUrl, 'latest')
    const checkedSeconds = ((performance.now() - checking) / 1000).toFixed(1)
    assert.deepEqual(found?.findings, [])

    const asked = performance.now()
    const { status, body } = await person.get('/v1/me/liabilities/latest?currency=BTC')
    const proofMs = (performance.now() - asked).toFixed(1)
    assert.equal(status, 200)
    assert.ok(check(body).ok)
    assert.equal(body.path.length, Math.log2(tree.leaves))
    const { rows } = await superuser.query(
      `select sum(pg_total_relation_size(t::regclass))::bigint / 1000000 as megabytes
       from unnest(array['fairlock.liability_leaves', 'fairlock.liability_nodes']) t`,
    )
    return {
      leaves: tree.leaves,
      takenSeconds,
      megabytes,
      checkedSeconds,
      proofMs,
      tableMegabytes: Number(rows[0].megabytes),
    }
  } finally {
    await superuser.end()
  }
}

/** Wallets, accounts, transfers and entries of one credit each, a part at a time. */
async function fill(superuser: pg.Client, people: number): Promise<void> {
  await superuser.query('set session_replication_role = replica')
  for (let done = 0; done < people; done += 100_000) {
    await superuser.query(
      `with made as materialized (
         select gen_random_uuid() as user_id, gen_random_uuid() as wallet, 1 + n::numeric / 100000000 as amount
         from generate_series($1::bigint, $2::bigint) n
       ), users as (
         insert into public.users (id, email) select user_id, user_id || '@example.org' from made
       ), wallets as (
         insert into public.crypto_wallets (id, user_id, currency, balance, wallet_provider)
         select wallet, user_id, 'BTC', amount, 'fairlock' from made
       ), accounts as (
         insert into ledger.accounts (id, kind, currency, user_id, balance) select wallet, 'trader', 'BTC', user_id, amount from made
       ), transfer as (
         insert into ledger.transfers (kind, reason) values ('adjustment', 'many people') returning id
       ), custody as (
         insert into ledger.entries (transfer_id, account_id, currency, amount)
         select transfer.id, ledger.system_account('custody', 'BTC'), 'BTC', -(select sum(amount) from made) from transfer
       )
       insert into ledger.entries (transfer_id, account_id, currency, amount, balance_before, balance_after)
       select transfer.id, wallet, 'BTC', amount, 0, amount from made, transfer`,
      [done + 1, Math.min(done + 100_000, people)],
    )
  }
  await superuser.query('analyze ledger.accounts, ledger.entries')
}

/** How much the process grew at most while something ran. */
function watchMemory(): { stop(): number } {
  const before = process.memoryUsage().rss
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss)
  }, 20)
  return {
    stop() {
      clearInterval(timer)
      return Math.round((Math.max(most, process.memoryUsage().rss) - before) / 1_000_000)
    },
  }
}
