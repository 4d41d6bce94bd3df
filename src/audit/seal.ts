import { appendFile, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Database } from '../platform/index.ts'
import type { Signer } from './keys.ts'
import { exportRoots, parse } from './roots.ts'

/** Rows of one block at most: as many as can be named from one line of published roots without much memory. */
export const ROWS_PER_BLOCK = 2000
const BLOCKS_PER_RUN = 200

/**
 * Closes blocks until nothing is left to seal, and signs those without a signature. Gives how many were signed. May be
 * done by two workers at once: the database keeps one block of each number and one signature of each block.
 */
export async function sealAudit(
  db: Database,
  signer: Signer | null,
  rowsPerBlock = ROWS_PER_BLOCK,
): Promise<number> {
  for (let closed = 0; closed < BLOCKS_PER_RUN; closed++) {
    const { rows } = await db.pool.query<{ block: string | null }>(
      'select fairlock.close_audit_block($1) as block',
      [rowsPerBlock],
    )
    if (rows[0]?.block === null) break
  }
  return signer === null ? 0 : signBlocks(db, signer)
}

async function signBlocks(db: Database, signer: Signer): Promise<number> {
  const { rows } = await db.pool.query<{ number: string; hash: Buffer }>(
    'select number, hash from fairlock.unsigned_audit_blocks($1)',
    [BLOCKS_PER_RUN],
  )
  for (const { number, hash } of rows) {
    await db.pool.query('select fairlock.sign_audit_block($1, $2, $3)', [
      number,
      signer.keyId,
      signer.sign(hash),
    ])
  }
  return rows.length
}

/** The database is older than what was published of it, or not the one that was published. */
export class RootsConflict extends Error {
  override readonly name = 'RootsConflict'
}

/**
 * Appends to the file what was sealed since its last line; gives how many blocks. Throws `RootsConflict` when the
 * file's last block is not the database's block of that number.
 */
export async function publishRoots(db: Database, file: string): Promise<number> {
  const last = await lastBlock(file)
  if (last.block > 0) {
    const mine = await exportRoots(db.pool, { after: last.block - 1, leaves: false, most: 1 }).next()
    const block = mine.done ? null : parse(mine.value)
    if (block?.block !== last.block || block.hash !== last.hash) {
      throw new RootsConflict(
        `Block ${last.block} in ${file} is not the database's: it was restored to an earlier moment, or blocks were ` +
          `changed. Keep the file, find out which with: fairlock audit verify --roots ${file}; then move the file aside.`,
      )
    }
  }
  let blocks = 0
  let text = last.isTorn ? '\n' : ''
  for await (const line of exportRoots(db.pool, { after: last.block, leaves: true, most: BLOCKS_PER_RUN })) {
    text += line
    blocks++
  }
  if (blocks === 0) return 0
  await mkdir(dirname(file), { recursive: true })
  await appendFile(file, text, { mode: 0o600, flush: true })
  return blocks
}

const TAIL_BYTES = 1024 * 1024

/** The last whole line of the file; `isTorn` when the program was killed in the middle of writing another. */
async function lastBlock(file: string): Promise<{ block: number; hash: string; isTorn: boolean }> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (handle === null) return { block: 0, hash: '', isTorn: false }
  try {
    const { size } = await handle.stat()
    const from = Math.max(0, size - TAIL_BYTES)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from)
    const tail = buffer.subarray(0, bytesRead).toString('utf8')
    const isTorn = size > 0 && !tail.endsWith('\n')
    for (const line of tail.split('\n').toReversed()) {
      const block = parse(line)
      if (block !== null) return { block: block.block, hash: block.hash, isTorn }
    }
    if (size > 0) {
      throw new RootsConflict(
        `${file} holds no published block at its end. Move it aside; it is then written anew.`,
      )
    }
    return { block: 0, hash: '', isTorn }
  } finally {
    await handle.close()
  }
}
