import type { Static } from 'typebox'
import { type FileRow, shownFile } from '../../platform/files/index.ts'
import { type Caller, type Database, type Idempotency, type JsonObject, newId } from '../../platform/index.ts'
import { type Sealer, Unsealable } from '../../platform/sealing/index.ts'
import type { KycCase, KycRequest, OpenedKycCase } from './schemas.ts'

type Opened = { case: KycCase; sealed: string | null; files: FileRow[] }
type Asked = { level: string; statement?: string; fileIds?: string[] }

/** Requests for a KYC level, with the statement that is sealed on its way in and opened for who works on it. */
export class KycRequests {
  readonly #db: Database
  readonly #sealer: Sealer

  constructor(db: Database, sealer: Sealer) {
    this.#db = db
    this.#sealer = sealer
  }

  /** Throws `Problem` kyc_request_open, kyc_level_reached, unknown_file, banned. */
  async ask(caller: Caller, { statement, ...asked }: Asked, once: Idempotency | null): Promise<KycRequest> {
    const id = newId()
    const write = (more: JsonObject) =>
      this.#db.command<KycRequest>(caller, 'ask_kyc', { ...asked, id, ...more }, once)
    if (statement === undefined) return write({})
    const me = await this.#db.call<{ id: string }>(caller, 'select fairlock.me() as answer', [])
    const text = Buffer.from(statement)
    try {
      return await this.#sealer.store(me.id, placeOf(id), text, (sealed) => write({ sealed }))
    } finally {
      text.fill(0)
    }
  }

  /** What a request says, for who has claimed it; the look is in the log. Throws `Problem` not_found. */
  async open(caller: Caller, id: string): Promise<Static<typeof OpenedKycCase>> {
    for (let attempt = 1; ; attempt++) {
      const {
        case: found,
        sealed,
        files,
      } = await this.#db.call<Opened>(caller, 'select fairlock.open_kyc_request($1) as answer', [id])
      try {
        const statement = sealed === null ? null : await this.#open(found, sealed)
        const shown = await Promise.all(files.map((file) => shownFile(this.#sealer, file)))
        return { ...found, statement, files: shown }
      } catch (error) {
        // It may just have been sealed anew with another key, or its person been erased: looked at once more.
        if (!(error instanceof Unsealable) || attempt === 3) throw error
      }
    }
  }

  async #open({ id, userId }: KycCase, sealed: string): Promise<string> {
    const text = await this.#sealer.open(userId, placeOf(id), sealed)
    try {
      return text.toString()
    } finally {
      text.fill(0)
    }
  }
}

const placeOf = (row: string) => ({ table: 'fairlock.kyc_requests', column: 'statement_sealed', row })
