import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { problemFromDatabase } from '../../src/platform/index.ts'
import {
  FileKeyring,
  keyIdOf,
  type Place,
  Rewrap,
  type RewrapReport,
  type Rotation,
  rotate,
} from '../../src/platform/sealing/index.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'
import { testPool } from '../support/server.ts'

/** The columns of rows that everybody here has. */
const PLACES = [
  { table: 'public.crypto_profiles', column: 'two_factor_secret' },
  { table: 'public.crypto_wallets', column: 'encrypted_private_key' },
  { table: 'public.crypto_wallets', column: 'backup_phrase_encrypted' },
] as const

/** A secret that was acknowledged as stored: it must open, whatever happens to the keys. */
export type Secret = { owner: Person; place: Place; plaintext: Buffer }

/** A market with a keyring file of its own, and secrets in it. */
export class Vault {
  readonly market: Market
  readonly superuser: pg.Pool
  readonly keyringPath: string
  readonly secrets = new Map<string, Secret>()
  readonly #folder: string

  private constructor(market: Market, superuser: pg.Pool, folder: string, keyringPath: string) {
    this.market = market
    this.superuser = superuser
    this.#folder = folder
    this.keyringPath = keyringPath
  }

  static async open(): Promise<Vault> {
    const folder = mkdtempSync(join(tmpdir(), 'fairlock-vault-'))
    const path = join(folder, 'keyring.json')
    await FileKeyring.initialise(path)
    const market = await startMarket({ keyring: `file:${path}` })
    const superuser = testPool(market.database.superuserUrl, { max: 8 })
    return new Vault(market, superuser, folder, path)
  }

  get keyring(): FileKeyring {
    return new FileKeyring(this.keyringPath)
  }

  /** People with something sealed in every column. */
  async people(count: number): Promise<Person[]> {
    const people = await Promise.all(Array.from({ length: count }, () => this.market.person('holder')))
    for (const person of people) {
      await this.superuser.query(
        `insert into crypto_wallets (user_id, currency) values ($1, 'BTC') on conflict do nothing`,
        [person.id],
      )
      for (const [index] of PLACES.entries()) await this.store(person, index)
    }
    return people
  }

  /** Seals a new secret and writes it, as a route would. */
  async store(owner: Person, column: number): Promise<void> {
    const { table, column: name } = PLACES[column % PLACES.length]!
    const { rows } = await this.superuser.query<{ id: string }>(
      `select id from ${table} where user_id = $1 limit 1`,
      [owner.id],
    )
    const place = { table, column: name, row: rows[0]!.id }
    const plaintext = randomBytes(24)
    await this.market.sealer.store(owner.id, place, plaintext, (sealed) =>
      this.#write(`update ${table} set ${name} = $1 where id = $2`, [sealed, place.row]),
    )
    this.secrets.set(`${table}.${name} ${place.row}`, { owner, place, plaintext })
  }

  /** Opens what is stored now and compares; what is being overwritten at this moment is read again. */
  async check(secret: Secret): Promise<void> {
    const { table, column, row } = secret.place
    for (let attempt = 1; ; attempt++) {
      const { rows } = await this.superuser.query(`select ${column} as sealed from ${table} where id = $1`, [
        row,
      ])
      try {
        const opened = await this.market.sealer.open(secret.owner.id, secret.place, rows[0].sealed)
        assert.deepEqual(opened, secret.plaintext)
        return
      } catch (error) {
        // Between the read and the opening a rewrap may have ended: a route that reads again finds the new value.
        const again = await this.superuser.query(`select ${column} as sealed from ${table} where id = $1`, [
          row,
        ])
        if (again.rows[0].sealed === rows[0].sealed || attempt === 5) throw error
      }
    }
  }

  /** Every acknowledged secret opens, with nothing remembered, and no value is under a destroyed key. */
  async checkAll(): Promise<void> {
    this.market.sealer.keys.forget()
    for (const secret of this.secrets.values()) await this.check(secret)
    for (const { table, column } of PLACES) {
      const { rows } = await this.superuser.query<{ sealed: string; state: string | null }>(
        `select v.${column} as sealed, k.state from ${table} v left join fairlock.data_keys k
           on k.id = fairlock.sealed_with(v.${column}) where v.${column} is not null`,
      )
      for (const { sealed, state } of rows)
        assert.ok(state === 'active' || state === 'decrypt_only', `${keyIdOf(sealed)} is ${state}`)
    }
  }

  rotate(options: { key?: string; prepare?: boolean } = {}): Promise<Rotation> {
    const { key, prepare = false } = options
    return rotate(this.market.database.ownerUrl, this.keyring, { key, prepare, onProgress: () => undefined })
  }

  async requestRewrap(maxRate: number | null = null): Promise<void> {
    await this.superuser.query(
      'update fairlock.rewrap set requested_at = clock_timestamp(), finished_at = null, max_rate = $1',
      [maxRate],
    )
  }

  rewrap(options: { backwards?: boolean; owner?: string; forMs?: number } = {}): Promise<RewrapReport> {
    return new Rewrap(this.market.db, this.market.sealer, options).run()
  }

  async keyStates(): Promise<Record<string, number>> {
    const { rows } = await this.superuser.query<{ state: string; count: number }>(
      'select state, count(*)::int from fairlock.data_keys group by state order by state',
    )
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
  }

  async close(): Promise<void> {
    await this.superuser.end()
    await this.market.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #write(text: string, values: unknown[]): Promise<void> {
    try {
      await this.superuser.query(text, values)
    } catch (error) {
      throw problemFromDatabase(error) ?? error
    }
  }
}
