import type pg from 'pg'
import { asEngine } from '../../platform/index.ts'
import { decimalOf, leafNode, NO_PREVIOUS, NODE_BYTES, readNode, rootHash, unitsOf } from './encoding.ts'
import { judgeSnapshot, type PublishedSnapshot } from './proof.ts'
import { CHUNK, TreeBuilder } from './tree.ts'

/** What a check of a snapshot came to. `findings` is empty when all is well; at most twenty are given. */
export type SnapshotCheck = {
  snapshot: { id: string; number: number; asOf: string; head: string }
  /** With how many leaves carry a person, and how many people among them have been erased since. */
  trees: { currency: string; leaves: number; people: number; erased: number; total: string; books: string }[]
  retired: boolean
  findings: string[]
}

const MOST_FINDINGS = 20
const ROWS_PER_FETCH = 500

/**
 * Computes the trees of a snapshot anew from their stored leaves, and what everybody had at its moment from the ledger's
 * entries, and compares. `which` is an id, a number, or "latest". Gives null when there is none.
 */
export function checkSnapshot(ownerUrl: string, which: string): Promise<SnapshotCheck | null> {
  return asEngine(ownerUrl, (client) => checkStored(client, which))
}

/** The same in a transaction that the caller has open, as fairlock_engine. */
export async function checkStored(client: pg.Client, which: string): Promise<SnapshotCheck | null> {
  const { rows } = await client.query<{ facts: PublishedSnapshot; before: string | null; retired: boolean }>(
    `select fairlock.liability_json(s) as facts, s.retired_at is not null as retired,
       (select encode(b.head, 'hex') from fairlock.liability_snapshots b where b.number = s.number - 1) as before
     from fairlock.liability_snapshots s
     where s.id::text = $1 or s.number::text = $1 or $1 = 'latest' order by s.number desc limit 1`,
    [which],
  )
  if (rows[0] === undefined) return null
  const { facts, before, retired } = rows[0]
  const { id, number, asOf, head } = facts
  const check: SnapshotCheck = { snapshot: { id, number, asOf, head }, trees: [], retired, findings: [] }
  check.findings.push(...judgeSnapshot(facts))
  if (facts.previous !== (number === 1 ? NO_PREVIOUS : before)) {
    check.findings.push('it does not follow the snapshot before it')
  }
  if (retired) return check
  await client.query(`set local work_mem = '64MB'`)
  for (const [index, tree] of facts.trees.entries()) {
    const report = (finding: string) => {
      if (check.findings.length < MOST_FINDINGS) check.findings.push(`${tree.currency}: ${finding}`)
    }
    const counted = await checkTree(client, facts, index, report)
    const books = await compareWithLedger(client, number, index + 1, report)
    if (books !== tree.total) report(`the ledger had ${books} then, ${tree.total} is published`)
    check.trees.push({ currency: tree.currency, leaves: tree.leaves, total: tree.total, books, ...counted })
  }
  return check
}

type LeafRow = {
  position: number
  userId: string | null
  nonce: string | null
  available: string
  held: string
}

/** 32 leaves with their nodes at a time: in the memory of one row, however large the tree. */
async function checkTree(
  client: pg.Client,
  snapshot: PublishedSnapshot,
  index: number,
  report: (finding: string) => void,
): Promise<{ people: number; erased: number }> {
  const { currency, leaves, root, total } = snapshot.trees[index]!
  const place = [snapshot.number, index + 1]
  const counted = { people: 0, erased: 0 }
  let made: { level: number; chunk: number; nodes: Buffer }[] = []
  const builder = new TreeBuilder(leaves, (level, chunk, nodes) => made.push({ level, chunk, nodes }))
  await client.query(
    `declare leaves no scroll cursor for
     select nodes, coalesce((
       select jsonb_agg(jsonb_build_object('position', l.position, 'userId', l.user_id, 'nonce', encode(l.nonce, 'hex'),
         'available', l.available::numeric(38, 8)::text, 'held', l.held::numeric(38, 8)::text))
       from fairlock.liability_leaves l
       where l.snapshot = n.snapshot and l.tree = n.tree
         and l.position between n.chunk * ${CHUNK} and n.chunk * ${CHUNK} + ${CHUNK - 1}), '[]') as people
     from fairlock.liability_nodes n where snapshot = $1 and tree = $2 and level = 0 order by chunk`,
    place,
  )
  let position = 0
  for (;;) {
    const { rows } = await client.query<{ nodes: Buffer; people: LeafRow[] }>(
      `fetch ${ROWS_PER_FETCH} from leaves`,
    )
    for (const { nodes, people } of rows) {
      const byPosition = new Map(people.map((one) => [one.position, one]))
      for (let offset = 0; offset < nodes.length; offset += NODE_BYTES, position++) {
        if (position >= leaves) continue
        const stored = readNode(nodes, offset)
        const leaf = byPosition.get(position)
        if (leaf !== undefined) counted[leaf.userId === null ? 'erased' : 'people']++
        const wrong = wrongLeaf(leaf, stored)
        if (wrong !== null) report(`leaf ${position} ${wrong}`)
        builder.add(stored)
      }
    }
    for (const { level, chunk } of await differing(client, place, made)) {
      report(`the stored nodes of level ${level}, row ${chunk}, are not those of the leaves`)
    }
    made = []
    if (rows.length < ROWS_PER_FETCH) break
  }
  await client.query('close leaves')
  if (position !== leaves) report(`${position} of ${leaves} leaves are stored`)
  else {
    const top = builder.top()
    if (decimalOf(top.sum) !== total)
      report(`the leaves come to ${decimalOf(top.sum)}, ${total} is published`)
    const found = rootHash(snapshot.id, currency, leaves, top).toString('hex')
    if (found !== root) report(`the leaves lead to the root ${found}, ${root} is published`)
  }
  return counted
}

/** What is wrong about a leaf, or null. That of somebody erased has lost its secret: only its sum can be compared. */
function wrongLeaf(leaf: LeafRow | undefined, stored: { hash: Buffer; sum: bigint }): string | null {
  if (leaf === undefined) return stored.sum === 0n ? null : 'is nobody’s, but has something'
  const { userId, nonce, available, held } = leaf
  const amounts = { available: unitsOf(available), held: unitsOf(held) }
  if (stored.sum !== amounts.available + amounts.held)
    return `of ${userId ?? 'somebody erased'} has another sum`
  if (userId === null || nonce === null) return null
  const { hash } = leafNode({ userId, nonce: Buffer.from(nonce, 'hex'), ...amounts })
  return hash.equals(stored.hash) ? null : `of ${userId} has another hash`
}

async function differing(
  client: pg.Client,
  place: number[],
  made: { level: number; chunk: number; nodes: Buffer }[],
): Promise<{ level: number; chunk: number }[]> {
  const { rows } = await client.query<{ level: number; chunk: number }>(
    `select made.level, made.chunk from unnest($3::smallint[], $4::integer[], $5::bytea[]) made (level, chunk, nodes)
     left join fairlock.liability_nodes n
       on n.snapshot = $1 and n.tree = $2 and n.level = made.level and n.chunk = made.chunk
     where n.nodes is distinct from made.nodes order by 1, 2`,
    [
      ...place,
      made.map(({ level }) => level),
      made.map(({ chunk }) => chunk),
      made.map(({ nodes }) => nodes),
    ],
  )
  return rows
}

/** What everybody had by the entries that the snapshot saw, against their leaves; gives what it comes to. */
async function compareWithLedger(
  client: pg.Client,
  snapshot: number,
  tree: number,
  report: (finding: string) => void,
): Promise<string> {
  const { rows } = await client.query<{ person: string | null; leaf: string; books: string; total: string }>(
    `with s as materialized (
       select s.*, t.currency from fairlock.liability_snapshots s join fairlock.liability_trees t on t.snapshot = s.number
       where s.number = $1 and t.tree = $2
     ), books as materialized (
       select user_id, sum(available) as available, sum(held) as held from (
         select a.user_id, e.balance_after as available, 0 as held
         from s join ledger.accounts a on a.kind = 'trader' and a.currency = s.currency
         cross join lateral (select balance_after from ledger.entries e
           where e.account_id = a.id and e.id <= s.entry_id and e.id <> all (s.unseen) order by e.id desc limit 1) e
         union all
         -- Escrows that ended an hour before were empty; the hour is for clocks and transactions under way.
         select x.seller_id, 0, e.balance_after
         from s join crypto_escrows x on x.currency = s.currency and x.created_at < s.as_of + interval '1 hour'
           and (x.closed_at is null or x.closed_at > s.as_of - interval '1 hour')
         cross join lateral (select balance_after from ledger.entries e
           where e.account_id = x.id and e.id <= s.entry_id and e.id <> all (s.unseen) order by e.id desc limit 1) e
       ) parts group by user_id having sum(available) + sum(held) <> 0
     ), leaves as (
       select user_id, available, held from fairlock.liability_leaves
       where snapshot = $1 and tree = $2 and user_id is not null
     ), wrong as (
       select coalesce(b.user_id, l.user_id)::text as person,
         format('%s available and %s held', coalesce(l.available, 0), coalesce(l.held, 0)) as leaf,
         format('%s available and %s held', coalesce(b.available, 0), coalesce(b.held, 0)) as books
       from books b full join leaves l using (user_id)
       where (b.available, b.held) is distinct from (l.available, l.held)
         and not (l.user_id is null and exists (select from fairlock.erasures r where r.user_id = b.user_id))
       order by 1 limit ${MOST_FINDINGS}
     )
     select person, leaf, books, total from (
       select coalesce(sum(available + held), 0)::numeric(38, 8)::text as total from books
     ) total left join wrong on true`,
    [snapshot, tree],
  )
  for (const { person, leaf, books } of rows) {
    if (person !== null) report(`${person} has ${leaf} in the tree, ${books} in the ledger`)
  }
  return rows[0]!.total
}
