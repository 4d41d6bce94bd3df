import { readFileSync } from 'node:fs'
import { type Static, Type } from 'typebox'
import {
  type App,
  answers,
  Currency,
  type Database,
  decodeCursor,
  encodeCursor,
  Id,
  Money,
  Page,
  PageQuery,
  strict,
  Time,
} from '../../platform/index.ts'
import { decimalOf, PROOF_FORMAT, readNode } from './encoding.ts'
import type { Proof, PublishedSnapshot } from './proof.ts'

const Hash = Type.String({ description: 'Lower-case hexadecimal digits' })
const snapshotFields = {
  id: Id,
  number: Type.Integer({ description: 'Counted from 1; each names the head of the one before' }),
  asOf: Time,
  previous: Hash,
  head: Hash,
  keyId: Type.String(),
  publicKey: Hash,
  signature: Hash,
  trees: Type.Array(
    Type.Object({
      currency: Currency,
      leaves: Type.Integer({ description: 'A power of two: people and leaves of nothing' }),
      total: Money,
      root: Hash,
    }),
  ),
}
const PublicSnapshot = Type.Object({
  ...snapshotFields,
  hasProofs: Type.Boolean({ description: 'False once its leaves are no longer kept' }),
})
const ProofBody = Type.Object({
  format: Type.String(),
  snapshot: Type.Object(snapshotFields),
  currency: Currency,
  leaf: Type.Object({
    position: Type.Integer(),
    userId: Id,
    nonce: Hash,
    available: Money,
    held: Money,
  }),
  path: Type.Array(Type.Object({ hash: Hash, sum: Money })),
})

/** The program with which a person checks their proof, as it is in the repository. */
const VERIFIER = readFileSync(new URL('../../../scripts/verify-liabilities.mjs', import.meta.url), 'utf8')

/** Proof of liabilities: what is published for everybody, and each person's own proof. */
export function liabilityRoutes(app: App, { db }: { db: Database }): void {
  headsRoute(app, db)
  app.get(
    '/v1/liabilities/verifier',
    { config: { access: 'public' }, schema: { hide: true } },
    async (_request, reply) =>
      reply
        .type('text/javascript; charset=utf-8')
        .header('content-disposition', 'attachment; filename="verify-liabilities.mjs"')
        .send(VERIFIER),
  )
  app.get(
    '/v1/me/liabilities/:snapshotId',
    {
      schema: {
        tags: ['Wallets'],
        summary: 'Proof that what you have in a currency is counted in what the platform owes',
        description:
          'Save the answer as a file and check it with the program of GET /v1/liabilities/verifier, or with any other ' +
          'that does what docs/operating/liabilities.md says. 404 where you had nothing of the currency. Without a ' +
          'currency: of the first that you had.',
        params: strict({
          snapshotId: Type.Union([Id, Type.Literal('latest')], {
            description: 'The id of a snapshot, or latest',
          }),
        }),
        querystring: strict({ currency: Type.Optional(Currency) }),
        response: answers(200, ProofBody),
      },
    },
    async (request) => {
      const { snapshotId } = request.params
      const found = await db.call<StoredProof>(
        request.caller,
        'select fairlock.liability_proof($1, $2) as answer',
        [snapshotId === 'latest' ? null : snapshotId, request.query.currency ?? null],
      )
      return proofOf(found)
    },
  )
}

type StoredProof = { currency: string; snapshot: PublishedSnapshot; leaf: Proof['leaf']; path: string[] }

function proofOf({ currency, snapshot, leaf, path }: StoredProof): Proof {
  return {
    format: PROOF_FORMAT,
    snapshot,
    currency,
    leaf,
    path: path.map((text) => {
      const { hash, sum } = readNode(Buffer.from(text, 'hex'))
      return { hash: hash.toString('hex'), sum: decimalOf(sum) }
    }),
  }
}

const NEWEST = 2_147_483_647

function headsRoute(app: App, db: Database): void {
  app.get(
    '/v1/liabilities',
    {
      config: { access: 'public' },
      schema: {
        tags: ['Wallets'],
        summary: 'What the platform owes people, signed, snapshot by snapshot, newest first',
        description:
          'For each currency the total and the root of a Merkle-sum tree over what everybody has. Everybody must be ' +
          'shown the same: compare the head of a snapshot with somebody else’s. It covers all heads before it.',
        querystring: strict(PageQuery),
        response: answers(200, Page(PublicSnapshot)),
      },
    },
    async (request) => {
      const { limit = 20, cursor } = request.query
      const after = decodeCursor('liabilities', cursor, isNumber)
      const { items } = await db.call<{ items: Static<typeof PublicSnapshot>[] }>(
        request.caller,
        `select jsonb_build_object('items', coalesce(jsonb_agg(h order by (h ->> 'number')::integer desc), '[]')) as answer
         from fairlock.liability_heads($1, $2) h`,
        [after === null ? NEWEST : Number(after[0]), limit + 1],
      )
      const page = items.slice(0, limit)
      return {
        items: page,
        nextCursor: items.length > limit ? encodeCursor('liabilities', [String(page.at(-1)!.number)]) : null,
      }
    },
  )
}

function isNumber(parts: string[]): parts is [string] {
  return parts.length === 1 && /^[1-9]\d{0,8}$/.test(parts[0]!)
}
