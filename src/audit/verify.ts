import type pg from 'pg'
import { Backdated } from './backdated.ts'
import { compareRows, expectedRows, type WrongRow } from './compare.ts'
import { blockHash, type EventRow, leafOf, merkleRoot, NO_PREVIOUS } from './encoding.ts'
import { isSignedBy } from './keys.ts'
import { comparePlaces, Lookahead, readBlocks, readEvents, type StoredBlock } from './read.ts'
import { Retired } from './retired.ts'
import type { PublishedBlock } from './roots.ts'

/** One thing that is wrong with the log. */
export type AuditFinding = {
  table: 'audit.events' | 'audit.blocks' | 'audit.leaves' | 'audit.signatures' | 'published roots'
  /** The row's id, or the block's number. */
  id: string
  block: number | null
  at: string | null
  what: string
}

export type AuditReport = {
  ok: boolean
  /** The first wrong row in the order of the chain; where no row is known to be wrong, the first wrong block. */
  first: AuditFinding | null
  /** The first ones, at most `limit`. */
  findings: AuditFinding[]
  blocks: number
  /** How many of the blocks were compared with published ones. */
  published: number
  rows: number
  /** Rows that no block has yet, and the oldest of them. */
  unsealed: { rows: number; oldest: string | null }
  /** Rows that were taken away by `fairlock audit retire`, and from which month on the log is whole. */
  retired: { rows: number; before: string | null }
  notes: string[]
}

export type VerifyAuditOptions = {
  published?: AsyncIterable<PublishedBlock>
  limit?: number
  onProgress?: (progress: { blocks: number; of: number; rows: number }) => void
}

/**
 * Proves the log against its chain of blocks, and against published blocks where they are given: every row by its leaf,
 * every block by its root, its hash, its place in the chain and its signature. `client` is in a repeatable-read
 * transaction as fairlock_engine (asEngine). A block's rows are all that is in memory.
 */
export async function verifyAudit(client: pg.Client, options: VerifyAuditOptions = {}): Promise<AuditReport> {
  await client.query('set local search_path = pg_catalog, pg_temp')
  await client.query('set local cursor_tuple_fraction = 1')
  return new Verification(client, options).run()
}

type Place = { tx: string; id: string }

class Verification {
  readonly #client: pg.Client
  readonly #options: VerifyAuditOptions
  readonly #blocks: Lookahead<StoredBlock>
  readonly #published: Lookahead<PublishedBlock>
  readonly #rows: Lookahead<EventRow>
  readonly #limit: number
  readonly #report: AuditReport = {
    ok: true,
    first: null,
    findings: [],
    blocks: 0,
    published: 0,
    rows: 0,
    unsealed: { rows: 0, oldest: null },
    retired: { rows: 0, before: null },
    notes: [],
  }
  #retired = new Retired(null, [])
  readonly #backdated = new Backdated()
  /** Hash and end of the block before, as it was sealed. */
  #previous = NO_PREVIOUS
  #end: Place = { tx: '0', id: '0' }

  constructor(client: pg.Client, options: VerifyAuditOptions) {
    this.#client = client
    this.#options = options
    this.#limit = options.limit ?? 20
    this.#blocks = new Lookahead(readBlocks(client))
    this.#published = new Lookahead(options.published ?? none())
    this.#rows = new Lookahead(readEvents(client))
  }

  async run(): Promise<AuditReport> {
    const report = this.#report
    this.#retired = await Retired.read(this.#client)
    report.retired.before = this.#retired.before
    const of = await this.#countBlocks()
    for (let number = 1; ; number++) {
      const next = await this.#nextNumber()
      if (next === null) break
      if (next > number) await this.#skipTo(number, next)
      number = next
      await this.#verifyBlock(number)
      this.#options.onProgress?.({ blocks: report.blocks, of, rows: report.rows })
    }
    await this.#countUnsealed()
    report.ok = report.first === null
    return report
  }

  async #countBlocks(): Promise<number> {
    const { rows } = await this.#client.query<{ count: number }>('select count(*)::int from audit.blocks')
    return rows[0]?.count ?? 0
  }

  async #nextNumber(): Promise<number | null> {
    const [stored, published] = [await this.#blocks.peek(), await this.#published.peek()]
    if (stored === null) return published?.block ?? null
    return Math.min(stored.block, published?.block ?? stored.block)
  }

  /** Blocks are gone, and what they said of their rows with them. */
  async #skipTo(number: number, next: number): Promise<void> {
    this.#find({ table: 'audit.blocks', id: number, block: number, what: 'is gone' })
    const stored = await this.#blocks.peek()
    const sealed = stored?.block === next ? stored : await this.#published.peek()
    if (sealed === null) return
    const { from } = rangeOf(sealed)
    await this.#takeRows(this.#end, from)
    this.#end = from
    this.#previous = sealed.previous
  }

  async #verifyBlock(number: number): Promise<void> {
    const stored = (await this.#blocks.peek())?.block === number ? await this.#blocks.take() : null
    const line = (await this.#published.peek())?.block === number ? await this.#published.take() : null
    const published = line !== null && this.#isSound(line) ? line : null
    const sealed = published ?? stored
    if (sealed === null) return
    this.#report.blocks++
    if (published !== null) this.#report.published++
    if (sealed.note !== undefined) this.#report.notes.push(`Block ${number}: ${sealed.note}`)

    // One published line proves all blocks before it, which need not be published themselves.
    if (published !== null && published.previous !== this.#previous)
      this.#find({ table: 'audit.blocks', id: number - 1, block: number - 1, what: MADE_ANEW })
    const headerFault = published !== null || stored === null ? null : this.#headerFault(stored)
    if (headerFault !== null) this.#findBlock(sealed, headerFault)
    const range = headerFault === null ? rangeOf(sealed) : await this.#guessedRange(sealed)
    const rows = await this.#takeRows(range.from, range.to)
    await this.#verifyRows(sealed, rows)
    this.#backdated.passed(sealed)

    if (stored === null) this.#findBlock(sealed, 'is gone')
    else if (headerFault === null) this.#verifyStored(stored, published)
    this.#previous = sealed.hash
    this.#end = range.to
  }

  /** Whether a published line is what was published: its own hash and signature say so. */
  #isSound(line: PublishedBlock): boolean {
    const isSound = blockHash(line) === line.hash && isSignedBy(line.publicKey, line.hash, line.signature)
    if (!isSound)
      this.#find({
        table: 'published roots',
        id: line.block,
        block: line.block,
        what: 'was changed in the file',
      })
    return isSound
  }

  #headerFault(block: StoredBlock): string | null {
    if (blockHash(block) !== block.hash) return 'was changed: its hash is not that of what it says'
    if (block.previous !== this.#previous) return 'does not follow the block before it'
    if (comparePlaces(rangeOf(block).from, this.#end) !== 0)
      return 'does not begin where the one before it ends'
    return null
  }

  /** The block's own bounds cannot be believed: its rows lie between its neighbours. */
  async #guessedRange(block: StoredBlock): Promise<{ from: Place; to: Place }> {
    const next = await this.#blocks.peek()
    const to = next === null ? rangeOf(block).to : rangeOf(next).from
    return { from: this.#end, to: comparePlaces(to, this.#end) < 0 ? this.#end : to }
  }

  /** The rows of a range. Those before it are in no block. */
  async #takeRows(from: Place, to: Place): Promise<EventRow[]> {
    const rows: EventRow[] = []
    for (;;) {
      const row = await this.#rows.peek()
      if (row === null || comparePlaces(row, to) >= 0) return rows
      await this.#rows.take()
      this.#report.rows++
      if (comparePlaces(row, from) >= 0) rows.push(row)
      else this.#findRow(null, { id: row.id, at: row.at, what: 'was inserted: it is in no block' })
    }
  }

  async #verifyRows(sealed: StoredBlock, rows: EventRow[]): Promise<void> {
    const root = merkleRoot(rows.map(leafOf))
    if (root === sealed.root) return this.#findBackdated(sealed.block, rows, this.#backdated.earliest(sealed))
    const expected = expectedRows(sealed)
    if (expected === null) {
      if (rows.length === 0 && this.#retired.covers(sealed.firstAt, sealed.lastAt)) {
        this.#report.retired.rows += sealed.events
        return
      }
      this.#findBlock(sealed, 'has other rows than were sealed, and its leaf hashes cannot say which')
      return
    }
    for (const wrong of compareRows(expected, rows)) {
      if (wrong.kind === 'missing' && this.#retired.covers(wrong.at, wrong.at)) this.#report.retired.rows++
      else this.#findRow(sealed.block, { ...wrong, what: await this.#fateOf(wrong) })
    }
  }

  /** A missing row may have gone to another place in the order. */
  async #fateOf(wrong: WrongRow): Promise<string> {
    if (wrong.kind !== 'missing' || this.#report.findings.length >= this.#limit) return wrong.what
    const { rows } = await this.#client.query<{ tx: string }>(
      'select tx::text from audit.events where id = $1',
      [wrong.id],
    )
    return rows[0] === undefined ? wrong.what : `was changed: its transaction is ${rows[0].tx} now`
  }

  #verifyStored(stored: StoredBlock, published: PublishedBlock | null): void {
    const { block: id, sealedAt: at } = stored
    if (published !== null && (blockHash(stored) !== published.hash || stored.hash !== published.hash)) {
      this.#findBlock(stored, 'is not the block that was published')
      return
    }
    const isRetired = stored.leaves === undefined && this.#retired.covers(stored.firstAt, stored.lastAt)
    if (expectedRows(stored) === null && !isRetired) {
      this.#find({ table: 'audit.leaves', id, block: id, at, what: 'are not those of the root, or gone' })
    }
    const key = published?.publicKey ?? stored.publicKey
    if (stored.signature === undefined && published === null && this.#isNewest(stored)) {
      this.#report.notes.push(`Block ${id} is not signed yet.`)
    } else if (key === undefined || stored.signature === undefined) {
      this.#find({ table: 'audit.signatures', id, block: id, at, what: 'is gone' })
    } else if (!isSignedBy(key, stored.hash, stored.signature) || key !== stored.publicKey) {
      this.#find({
        table: 'audit.signatures',
        id,
        block: id,
        at,
        what: 'is not one of this block by its key',
      })
    }
  }

  /** Signing follows sealing: what has been sealed in the last minutes may wait for it. */
  #isNewest({ sealedAt }: StoredBlock): boolean {
    return Math.abs(Date.now() - Date.parse(sealedAt)) < UNSIGNED_FOR_MS
  }

  async #countUnsealed(): Promise<void> {
    const { unsealed } = this.#report
    for (let row = await this.#rows.take(); row !== null; row = await this.#rows.take()) {
      this.#report.rows++
      unsealed.rows++
      this.#findBackdated(null, [row], this.#backdated.earliest())
      if (unsealed.oldest === null || row.at < unsealed.oldest) unsealed.oldest = row.at
    }
  }

  #findBackdated(block: number | null, rows: readonly EventRow[], earliest: string): void {
    for (const { id, at } of rows) if (at < earliest) this.#findRow(block, { id, at, what: BACKDATED })
  }

  #findBlock({ block, sealedAt }: StoredBlock, what: string): void {
    this.#find({ table: 'audit.blocks', id: block, block, at: sealedAt, what })
  }

  #findRow(block: number | null, row: { id: string; at: string; what: string }): void {
    this.#find({ table: 'audit.events', id: row.id, block, at: row.at, what: row.what })
  }

  #find(found: Omit<AuditFinding, 'id' | 'at'> & { id: string | number; at?: string | null }): void {
    const finding = { ...found, id: String(found.id), at: found.at ?? null }
    // Whose row was changed says more than which block no longer fits.
    const isRow = finding.table === 'audit.events'
    if (this.#report.first === null || (isRow && this.#report.first.table !== 'audit.events'))
      this.#report.first = finding
    if (this.#report.findings.length < this.#limit) this.#report.findings.push(finding)
  }
}

const UNSIGNED_FOR_MS = 15 * 60_000
const BACKDATED = 'was inserted long after the time that it says, or the clock was wrong'
const MADE_ANEW = 'is not what the next one, which was published, followed: it or one before was made anew'

function rangeOf(block: StoredBlock): { from: Place; to: Place } {
  return { from: { tx: block.fromTx, id: block.fromId }, to: { tx: block.toTx, id: block.toId } }
}

async function* none(): AsyncGenerator<PublishedBlock> {
  // Nothing was published.
}
