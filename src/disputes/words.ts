import type { FastifyRequest } from 'fastify'
import { type Database, idempotencyOf, type JsonObject, newId } from '../platform/index.ts'
import { type Sealer, Unsealable } from '../platform/sealing/index.ts'

/** A sealed text as the database gives it, with its place and the owner of its key. */
export type SealedText = { table: string; column: string; row: string; owner: string | null; text: string }

/** What people say in disputes: sealed on its way in, opened for who may read it. */
export class WordsOfDisputes {
  readonly #db: Database
  readonly #sealer: Sealer

  constructor(db: Database, sealer: Sealer) {
    this.#db = db
    this.#sealer = sealer
  }

  /**
   * Opens the dispute of a trade; without a description there is nothing to seal. Throws `Problem` not_found and what
   * the command refuses with.
   */
  async open<T>(request: FastifyRequest, args: JsonObject, description: string | undefined): Promise<T> {
    const { caller } = request
    const owner = await this.#owner(request, 'open_dispute', null, String(args.tradeId))
    const once = idempotencyOf(request, 'open_dispute', { ...args, description: description ?? null })
    const command = (entryId: string, sealed: string | null) =>
      this.#db.command<T>(caller, 'open_dispute', { ...args, entryId, sealed }, once)
    if (description === undefined) return command(newId(), null)
    return this.#seal(owner, 'public.crypto_disputes', 'description', description, command)
  }

  /** Gives a command of a dispute with what somebody says; their words are no part of what the database is told. */
  async say<T>(request: FastifyRequest, operation: string, args: JsonObject, text: string): Promise<T> {
    const { caller } = request
    const owner = await this.#owner(request, operation, String(args.disputeId), null)
    const once = idempotencyOf(request, operation, { ...args, text })
    return this.#seal(owner, 'fairlock.dispute_entries', 'body', text, (entryId, sealed) =>
      this.#db.command<T>(caller, operation, { ...args, entryId, sealed }, once),
    )
  }

  /** The text behind it; null when its author was erased. What another platform kept in the clear is shown as it is. */
  async read({ table, column, row, owner, text }: SealedText): Promise<string | null> {
    if (!/^RkwBA/.test(text)) return text
    try {
      const opened = await this.#sealer.open(owner, { table, column, row }, text)
      const said = opened.toString()
      opened.fill(0)
      return said
    } catch (error) {
      if (error instanceof Unsealable) return null
      throw error
    }
  }

  /** Whose key seals what is said. */
  async #owner(
    { caller }: FastifyRequest,
    operation: string,
    disputeId: string | null,
    tradeId: string | null,
  ): Promise<string | null> {
    const { owner } = await this.#db.call<{ owner: string | null }>(
      caller,
      'select fairlock.part_in_dispute($1, $2, $3) as answer',
      [operation, disputeId, tradeId],
    )
    return owner
  }

  async #seal<T>(
    owner: string | null,
    table: string,
    column: string,
    text: string,
    command: (entryId: string, sealed: string) => Promise<T>,
  ): Promise<T> {
    const row = newId()
    const plain = Buffer.from(text)
    try {
      return await this.#sealer.store(owner, { table, column, row }, plain, (sealed) => command(row, sealed))
    } finally {
      plain.fill(0)
    }
  }
}
