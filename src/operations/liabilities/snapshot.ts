import { randomBytes, randomInt } from 'node:crypto'
import type pg from 'pg'
import type { Signer } from '../../audit/index.ts'
import { asEngine, newId } from '../../platform/index.ts'
import {
  decimalOf,
  emptyLeaf,
  HASH_BYTES,
  headHash,
  leafNode,
  NO_PREVIOUS,
  rootHash,
  type TreeHead,
  unitsOf,
} from './encoding.ts'
import { leavesFor, TreeBuilder } from './tree.ts'
import { TreeRows } from './tree-rows.ts'

export type Snapshot = {
  readonly id: string
  readonly number: number
  readonly asOf: string
  readonly head: string
  readonly trees: { currency: string; people: number; leaves: number; total: string; root: string }[]
}

type Options = {
  /** Only when the house's rule says that it is time. */
  whenDue?: boolean
  onProgress?: (currency: string, leaves: number, of: number) => void
}

const PEOPLE_PER_FETCH = 5000

/**
 * What everybody has, as of one moment. In an order that is drawn anew each time, so that neighbours in the tree are no
 * neighbours in the next one.
 */
const PEOPLE = `
  select currency, user_id as "userId", available::numeric(38, 8)::text as available, held::numeric(38, 8)::text as held,
    count(*) over (partition by currency) as people
  from (
    select currency, user_id, sum(available) as available, sum(held) as held
    from (
      select currency, user_id, balance as available, 0 as held from ledger.accounts where kind = 'trader' and balance > 0
      union all
      select a.currency, e.seller_id, 0, a.balance
      from crypto_escrows e join ledger.accounts a on a.id = e.id and a.kind = 'escrow'
      where e.status in ('funded', 'disputed')
    ) parts group by currency, user_id
  ) everybody
  order by currency collate "C", gen_random_uuid()`

type PersonRow = { currency: string; userId: string; available: string; held: string; people: string }

/**
 * Takes a snapshot: a tree for each currency that anybody has, in one transaction that sees one moment, while people
 * trade. Gives null when another worker is taking one, or when none is due.
 */
export function takeSnapshot(
  ownerUrl: string,
  signer: Signer,
  options: Options = {},
): Promise<Snapshot | null> {
  return asEngine(ownerUrl, async (client) => {
    // The first statement: everything is as of this one. The lock spares work; the number is what cannot be twice.
    const { rows } = await client.query<{ mine: boolean; at: string; due: boolean }>(
      `select pg_try_advisory_xact_lock(hashtextextended('fairlock liabilities', 0)) as mine,
         audit.instant(clock_timestamp()) as at, fairlock.is_snapshot_due() as due`,
    )
    const { mine, at, due } = rows[0]!
    if (!mine || (options.whenDue === true && !due)) return null
    const last = await client.query<{ number: number; head: string }>(
      `select number, encode(head, 'hex') as head from fairlock.liability_snapshots order by number desc limit 1`,
    )
    const facts = {
      id: newId(),
      number: (last.rows[0]?.number ?? 0) + 1,
      asOf: at,
      previous: Buffer.from(last.rows[0]?.head ?? NO_PREVIOUS, 'hex'),
    }
    const built = await buildTrees(client, facts, options)
    await compareWithBooks(client, built)
    const head = headHash({ ...facts, trees: built })
    await client.query(`select fairlock.keep_snapshot($1, $2, $3, $4, $5, $6, $7, $8, $9)`, [
      facts.number,
      facts.id,
      facts.asOf,
      facts.previous,
      head,
      signer.keyId,
      signer.publicKey,
      signer.sign(head),
      JSON.stringify(
        built.map(({ currency, leaves, total, root }) => ({
          currency,
          leaves,
          total: decimalOf(total),
          root: root.toString('hex'),
        })),
      ),
    ])
    return {
      id: facts.id,
      number: facts.number,
      asOf: facts.asOf,
      head: head.toString('hex'),
      trees: built.map((tree) => ({
        ...tree,
        total: decimalOf(tree.total),
        root: tree.root.toString('hex'),
      })),
    }
  })
}

type BuiltTree = TreeHead & { readonly people: number }

/** Reads everybody by a cursor and writes leaves and nodes as they come: memory does not grow with the people. */
async function buildTrees(
  client: pg.Client,
  { id, number }: { id: string; number: number },
  { onProgress }: Options,
): Promise<BuiltTree[]> {
  const built: BuiltTree[] = []
  let tree: Tree | null = null
  await client.query(`set local work_mem = '64MB'`)
  await client.query(`declare everybody no scroll cursor for ${PEOPLE}`)
  for (;;) {
    const { rows } = await client.query<PersonRow>(`fetch ${PEOPLE_PER_FETCH} from everybody`)
    for (const row of rows) {
      if (tree?.currency !== row.currency) {
        if (tree !== null) built.push(await tree.finish(id))
        tree = new Tree(row.currency, Number(row.people), new TreeRows(client, number, built.length + 1))
      }
      tree.add(row)
    }
    if (tree !== null) {
      await tree.rows.flush()
      onProgress?.(tree.currency, tree.added, tree.leaves)
    }
    if (rows.length < PEOPLE_PER_FETCH) break
  }
  if (tree !== null) built.push(await tree.finish(id))
  await client.query('close everybody')
  return built
}

/** One currency's tree while its people come. The leaves of nothing lie among theirs, at places of chance. */
class Tree {
  readonly currency: string
  readonly people: number
  readonly leaves: number
  readonly rows: TreeRows
  readonly #builder: TreeBuilder
  added = 0
  #peopleAdded = 0
  #drawn: Buffer = Buffer.alloc(0)

  constructor(currency: string, people: number, rows: TreeRows) {
    this.currency = currency
    this.people = people
    this.leaves = leavesFor(people)
    this.rows = rows
    this.#builder = new TreeBuilder(this.leaves, (level, chunk, nodes) => rows.node(level, chunk, nodes))
  }

  add({ userId, available, held }: PersonRow): void {
    // Every place that is left may be a person's, all with the same chance.
    while (randomInt(this.leaves - this.added) >= this.people - this.#peopleAdded) this.#addEmpty()
    const nonce = this.#random()
    const leaf = { userId, nonce, available: unitsOf(available), held: unitsOf(held) }
    this.rows.leaf({ position: this.added, userId, nonce, available, held })
    this.#builder.add(leafNode(leaf))
    this.added++
    this.#peopleAdded++
  }

  async finish(snapshotId: string): Promise<BuiltTree> {
    while (this.added < this.leaves) this.#addEmpty()
    await this.rows.flush()
    const top = this.#builder.top()
    return {
      currency: this.currency,
      people: this.people,
      leaves: this.leaves,
      total: top.sum,
      root: rootHash(snapshotId, this.currency, this.leaves, top),
    }
  }

  #addEmpty(): void {
    this.#builder.add(emptyLeaf(this.#random()))
    this.added++
  }

  /** 32 random bytes; drawn for many leaves at once, which is an object for the collector less for each. */
  #random(): Buffer {
    if (this.#drawn.length < HASH_BYTES) this.#drawn = randomBytes(HASH_BYTES * 2048)
    const bytes = this.#drawn.subarray(0, HASH_BYTES)
    this.#drawn = this.#drawn.subarray(HASH_BYTES)
    return bytes
  }
}

/** The whole ledger says the same, in the same moment, or nothing is published. */
async function compareWithBooks(client: pg.Client, built: readonly BuiltTree[]): Promise<void> {
  const { rows } = await client.query<{ currency: string; owed: string }>(
    `select currency, sum(balance)::numeric(38, 8)::text as owed from ledger.accounts
     where kind in ('trader', 'escrow') group by currency having sum(balance) <> 0 order by currency collate "C"`,
  )
  const books = rows.map(({ currency, owed }) => `${currency} ${owed}`).join(', ')
  const trees = built.map(({ currency, total }) => `${currency} ${decimalOf(total)}`).join(', ')
  if (books !== trees) {
    throw new Error(
      `The trees come to ${trees || 'nothing'}, the ledger to ${books || 'nothing'}: no snapshot was taken. ` +
        'Prove the books first: fairlock ledger verify',
    )
  }
}
