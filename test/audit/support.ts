import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import pg from 'pg'
import {
  type AuditReport,
  exportRoots,
  openSigner,
  type PublishedBlock,
  sealAudit,
  verifyAudit,
} from '../../src/audit/index.ts'
import { asEngine } from '../../src/platform/index.ts'
import { tradeForADay } from '../ledger/support.ts'
import { type Market, startMarket } from '../support/market.ts'

/** A market with a day of trading behind it, all of it sealed in blocks of a few rows. */
export async function sealedMarket(rowsPerBlock = 7): Promise<Market> {
  const market = await startMarket()
  await tradeForADay(market)
  await seal(market, rowsPerBlock)
  return market
}

/** Seals everything that can be sealed, as the background work does. */
export async function seal(market: Market, rowsPerBlock = 7): Promise<number> {
  const signer = await openSigner(market.database.ownerUrl, market.db, market.sealer)
  let signed = 0
  // Until the newest rows are final: a transaction of another test's database may still run.
  for (let round = 0; round < 100; round++) {
    signed += await sealAudit(market.db, signer, rowsPerBlock)
    const { rows } = await market.db.pool.query('select fairlock.audit_state() as state')
    const { oldestUnsealedSeconds, unsigned } = rows[0].state
    if (Number(oldestUnsealedSeconds) === 0 && unsigned === 0) return signed
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('the log could not be sealed')
}

export async function publishedBlocks(market: Market, leaves = true): Promise<PublishedBlock[]> {
  const lines: PublishedBlock[] = []
  for await (const line of exportRoots(market.db.pool, { after: 0, leaves })) lines.push(JSON.parse(line))
  return lines
}

async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values
}

export function report(market: Market, published?: readonly PublishedBlock[]): Promise<AuditReport> {
  return asEngine(market.database.ownerUrl, (client) =>
    verifyAudit(client, published === undefined ? {} : { published: each(published) }),
  )
}

/** Does something that no rule allows, verifies, and leaves everything as it was. `work` gives what is to be named. */
export async function tamper<T>(
  superuser: pg.Client,
  published: readonly PublishedBlock[] | null,
  work: (client: pg.Client) => Promise<T>,
): Promise<{ done: T; found: AuditReport }> {
  await superuser.query('begin')
  try {
    // Every trigger and foreign key is off: what the owner could do after disabling them.
    await superuser.query('set local session_replication_role = replica')
    const done = await work(superuser)
    await superuser.query('set local role fairlock_engine')
    const found = await verifyAudit(superuser, published === null ? {} : { published: each(published) })
    return { done, found }
  } finally {
    await superuser.query('rollback')
  }
}

export async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, options: '-c timezone=UTC' })
  await client.connect()
  return client
}

/**
 * What an owner does who wants to leave no trace: computes every leaf, root and hash from a block on anew, and signs
 * them with a key of their own.
 */
export async function forgeChain(client: pg.Client, fromBlock: number): Promise<void> {
  const pair = generateKeyPairSync('ed25519')
  const publicKey = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(12)
  await client.query(
    `insert into audit.signing_keys (id, public_key, sealed_private_key) values ('forged', $1, 'sealed')`,
    [publicKey],
  )
  const { rows } = await client.query<{ number: string }>(
    'select number from audit.blocks where number >= $1 order by number',
    [fromBlock],
  )
  for (const { number } of rows) {
    await client.query(
      `with rows as (
         select e.id, e.at, audit.leaf(e) as leaf, e.tx from audit.events e, audit.blocks b
         where b.number = $1 and (e.tx, e.id) >= (b.from_tx, b.from_id) and (e.tx, e.id) < (b.to_tx, b.to_id)
       )
       insert into audit.leaves (block, ids, times, hashes)
       select $1, array_agg(id order by tx, id), array_agg(at order by tx, id), string_agg(leaf, '' order by tx, id)
       from rows
       on conflict (block) do update set ids = excluded.ids, times = excluded.times, hashes = excluded.hashes`,
      [number],
    )
    await client.query(
      `update audit.blocks b set events = cardinality(l.ids), root = audit.merkle_root(
         (select array_agg(substr(l.hashes, n * 32 - 31, 32) order by n) from generate_series(1, cardinality(l.ids)) n)),
         previous = coalesce((select hash from audit.blocks where number = b.number - 1), b.previous)
       from audit.leaves l where l.block = b.number and b.number = $1`,
      [number],
    )
    const { rows: made } = await client.query<{ hash: Buffer }>(
      'update audit.blocks b set hash = audit.block_hash(b) where number = $1 returning hash',
      [number],
    )
    await client.query(`update audit.signatures set signature = $2, key_id = 'forged' where block = $1`, [
      number,
      sign(null, made[0]!.hash, pair.privateKey),
    ])
  }
}

/** Numbers that a seed fixes. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  below(most: number): number {
    this.#state = createHash('sha256').update(String(this.#state)).digest().readUInt32BE(0)
    return this.#state % most
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!
  }
}
