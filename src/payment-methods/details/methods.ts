import type { FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import type { Factors } from '../../identity/index.ts'
import {
  type Caller,
  type Database,
  idempotencyOf,
  type JsonObject,
  newId,
  Problem,
  query,
} from '../../platform/index.ts'
import { type Sealer, Unsealable } from '../../platform/sealing/index.ts'
import {
  accountOf,
  checkDetails,
  type Details,
  findType,
  type PaymentMethodType,
} from '../catalogue/index.ts'
import { BlindIndex } from './blind-index.ts'
import {
  detailsPlace,
  encodeDetails,
  hintOf,
  openDetails,
  openRow,
  repeatsAccount,
  type SealedMethod,
  statementPlace,
} from './details.ts'
import type { PaymentMethod } from './schemas.ts'

type Row = Omit<PaymentMethod, 'hint'>
/** An API key is given no sealed details. */
type Listed = Row & { at: string; owner?: string; sealed?: string }
type Code = Parameters<Factors['proveFor']>[1]
type Account = { provider: string; details: Details }
export type NewMethod = Account & { type: string; label?: string | null; isPrimary?: boolean }
export type Change = Partial<Account> & { label?: string | null; isPrimary?: boolean }

/** The setting's hard limit is the same. */
const MOST_METHODS = 100
const ATTEMPTS = 3

/** A person's own payment methods: checked, normalised and sealed here, kept and ranked by the database. */
export class PaymentMethods {
  readonly #db: Database
  readonly #sealer: Sealer
  readonly #factors: Factors
  readonly #index: BlindIndex

  constructor(db: Database, sealer: Sealer, factors: Factors) {
    this.#db = db
    this.#sealer = sealer
    this.#factors = factors
    this.#index = new BlindIndex(db, sealer)
  }

  /** Adds one. Throws `Problem` invalid_request, banned, too_many_payment_methods, second_factor_required. */
  async add(request: FastifyRequest, method: NewMethod, code: Code): Promise<PaymentMethod> {
    const { details, ...rest } = method
    const type = typeNamed(method.type)
    const normal = checked(type, method)
    // Who is not signed in leaves no trace, not even the index's first key.
    const me = await this.#me(request.caller)
    // The fingerprint of a request is a plain hash that is kept: an account number could be found from it by trying.
    const digest = (await this.#index.ofRequest(JSON.stringify(normal))).toString('hex')
    const once = idempotencyOf(request, 'add_payment_method', { ...rest, digest })
    await this.#factors.proveFor(request, code, once)
    const row = await this.#write(me, type, normal, (sealed) =>
      this.#db.command<Row>(request.caller, 'add_payment_method', { ...rest, ...sealed }, once),
    )
    return { ...row, hint: hintOf(row.type, normal) }
  }

  /**
   * Another name or rank in place; other details or another provider are another account, with an id of its own.
   * Throws `Problem` not_found, invalid_request, banned, second_factor_required.
   */
  async change(
    request: FastifyRequest,
    id: string,
    { provider, details, ...rest }: Change,
    code: Code,
  ): Promise<PaymentMethod> {
    const { row: old, details: known } = await this.#own(request.caller, id)
    if (details === undefined && provider !== undefined) refuse('details', 'is needed with another provider')
    await this.#factors.proveFor(request, code, null)
    const args: JsonObject = { methodId: id, ...rest }
    if (details === undefined) {
      checkTexts(rest, known)
      const row = await this.#db.command<Row>(request.caller, 'change_payment_method', args, null)
      return { ...row, hint: hintOf(row.type, known) }
    }
    const account = { provider: provider ?? old.provider, details }
    const type = typeNamed(old.type)
    const normal = checked(type, { label: old.label, ...rest, ...account })
    const row = await this.#write(old.owner, type, normal, (sealed) =>
      this.#db.command<Row>(
        request.caller,
        'replace_payment_method',
        { ...args, provider: account.provider, ...sealed },
        null,
      ),
    )
    return { ...row, hint: hintOf(row.type, normal) }
  }

  /** A page of one's own, newest first, each with enough of the account to know which it is. */
  async list(caller: Caller, limit: number, after: [string, string] | null): Promise<Listed[]> {
    const { items } = await this.#db.call<{ items: Listed[] }>(
      caller,
      'select fairlock.my_payment_methods($1, $2, $3) as answer',
      [limit, after?.[0] ?? null, after?.[1] ?? null],
    )
    return items
  }

  /** What the owner reads of a page: the sealed text becomes its hint. */
  async withHints(caller: Caller, rows: Listed[]): Promise<PaymentMethod[]> {
    return Promise.all(
      rows.map(async ({ at: _, owner: __, sealed: ___, ...row }) => {
        const details = caller.apiKey ? null : await this.#ownOrNull(caller, row.id, rows)
        return { ...row, hint: details && hintOf(row.type, details) }
      }),
    )
  }

  /** One of one's own with its details; the look is in the log. Throws `Problem` not_found. */
  async open(caller: Caller, id: string): Promise<PaymentMethod & { details: Details }> {
    const { row, details } = await openDetails(this.#sealer, () =>
      this.#db.call<Row & SealedMethod>(caller, 'select fairlock.open_my_payment_method($1) as answer', [id]),
    )
    const { owner: _, sealed: __, ...rest } = row
    return { ...rest, hint: hintOf(row.type, details), details }
  }

  async remove(caller: Caller, id: string): Promise<void> {
    await this.#db.command(caller, 'remove_payment_method', { methodId: id }, null)
  }

  /** Asks for a verification, with what the owner has to say. Throws `Problem` not_found, verification_asked. */
  async askVerification(request: FastifyRequest, id: string, statement?: string): Promise<PaymentMethod> {
    const { row: own, details } = await this.#own(request.caller, id)
    const digest = statement === undefined ? null : (await this.#index.ofRequest(statement)).toString('hex')
    const once = idempotencyOf(request, 'ask_payment_verification', { methodId: id, digest })
    const ask = (sealed: string | null) =>
      this.#db.command<Row>(request.caller, 'ask_payment_verification', { methodId: id, sealed }, once)
    const row =
      statement === undefined
        ? await ask(null)
        : await this.#sealer.store(own.owner, statementPlace(id), Buffer.from(statement), ask)
    return { ...row, hint: hintOf(row.type, details) }
  }

  /** Seals an account for a new row and has it written. */
  async #write(
    owner: string,
    type: PaymentMethodType,
    details: Details,
    write: (sealed: JsonObject) => Promise<Row>,
  ): Promise<Row> {
    const account = accountOf(type, details)
    const accountIndex = account === null ? null : (await this.#index.ofAccount(account)).toString('hex')
    const newMethod = newId()
    const bytes = encodeDetails(details)
    try {
      return await this.#sealer.store(owner, detailsPlace(newMethod), bytes, (sealed) =>
        write({ newId: newMethod, sealed, accountIndex }),
      )
    } finally {
      bytes.fill(0)
    }
  }

  /**
   * One of the caller's own, opened for a hint or a comparison and not for anybody's eyes. A row that a rewrap has sealed
   * anew since it was read is read again.
   */
  async #own(
    caller: Caller,
    id: string,
    read?: Listed[],
  ): Promise<{ row: Row & SealedMethod; details: Details }> {
    let rows = read
    for (let attempt = 1; ; attempt++) {
      rows ??= await this.list(caller, MOST_METHODS, null)
      const row = rows.find((one) => one.id === id)
      if (row?.owner === undefined || row.sealed === undefined) throw new Problem('not_found')
      const known = { ...row, owner: row.owner, sealed: row.sealed }
      try {
        return { row: known, details: await openRow(this.#sealer, known) }
      } catch (error) {
        if (!(error instanceof Unsealable) || attempt === ATTEMPTS) throw error
        rows = undefined
      }
    }
  }

  /** A value that nobody can open must not hide the others of a list: its own page says what is wrong. */
  async #ownOrNull(caller: Caller, id: string, rows: Listed[]): Promise<Details | null> {
    try {
      return (await this.#own(caller, id, rows)).details
    } catch (error) {
      // Or removed since the page was read.
      if (error instanceof Unsealable || (error instanceof Problem && error.code === 'not_found')) return null
      throw error
    }
  }

  async #me(caller: Caller): Promise<string> {
    const [me] = await this.#db.read(
      caller,
      sql<{ id: string }>`select fairlock.acting_user() as id`.compile(query),
    )
    if (me === undefined) throw new Problem('not_signed_in')
    return me.id
  }
}

function typeNamed(slug: string): PaymentMethodType {
  return findType(slug) ?? refuse('type', 'is not one of GET /v1/payment-method-types')
}

/** The details in normal form, none of them in a text that is kept in clear. */
function checked(
  type: PaymentMethodType,
  { details, ...texts }: Account & { label?: string | null },
): Details {
  const found = checkDetails(type, details)
  if ('errors' in found) throw new Problem('invalid_request', {}, found.errors)
  checkTexts(texts, found.details)
  return found.details
}

function checkTexts(texts: { provider?: string; label?: string | null }, details: Details): void {
  for (const field of ['provider', 'label'] as const) {
    const text = texts[field]
    if (text && repeatsAccount(text, details))
      refuse(field, 'repeats the account, which is kept in details alone')
  }
}

function refuse(field: string, problem: string): never {
  throw new Problem('invalid_request', {}, [{ field, problem }])
}
