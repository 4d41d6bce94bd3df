import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import pg from 'pg'
import { splitSettlement } from '../../src/escrow/index.ts'
import { decimal, feeOf, units } from '../support/amounts.ts'
import { type TestDatabase, testDatabase } from '../support/server.ts'

// What a dispute pays whom: the function in SQL, its twin in TypeScript, and the law that nothing is lost or made.

const BATCHES = 10
const BATCH = 300

let database: TestDatabase
let superuser: pg.Client
before(async () => {
  database = await testDatabase()
  superuser = new pg.Client(database.superuserUrl)
  await superuser.connect()
})
after(async () => {
  await superuser?.end()
  await database?.drop()
})

type Split = { amount: bigint; sellerFee: bigint; buyerFee: bigint; buyers: bigint }

/** Amounts from dust to the most that a column holds; fees of any rate up to a tenth; every part of the whole. */
const split = fc
  .record({
    amount: fc.oneof(
      fc.bigInt({ min: 2n, max: 2000n }),
      fc.bigInt({ min: 2n, max: 10n ** 10n }),
      fc.bigInt({ min: 2n, max: 10n ** 19n }),
    ),
    maker: fc.bigInt({ min: 0n, max: 100n }),
    taker: fc.bigInt({ min: 0n, max: 100n }),
    part: fc.bigInt({ min: 0n, max: 10n ** 20n }),
    edge: fc.constantFrom('none', 'none', 'least', 'most', 'half'),
  })
  .map(({ amount, maker, taker, part, edge }): Split => {
    const [sellerFee, buyerFee] = [feeOf(amount, maker), feeOf(amount, taker)]
    const whole = amount - buyerFee
    const inside = 1n + (part % (whole > 1n ? whole - 1n : 1n))
    const buyers = { none: inside, least: 1n, most: whole - 1n, half: whole / 2n }[edge]
    return { amount, sellerFee, buyerFee, buyers }
  })
  .filter(({ amount, buyerFee, buyers }) => buyers > 0n && buyers < amount - buyerFee)

async function inSql(splits: Split[]): Promise<Record<string, string>[]> {
  const column = (name: keyof Split) => splits.map((one) => decimal(one[name]))
  const { rows } = await superuser.query(
    `select s.to_buyer::text as "toBuyer", s.to_seller::text as "toSeller", s.buyer_fee::text as "buyerFee",
       s.seller_fee::text as "sellerFee"
     from unnest($1::numeric[], $2::numeric[], $3::numeric[], $4::numeric[]) with ordinality g(a, sf, bf, b, n),
       fairlock.settlement('split', a, sf, bf, b) s order by n`,
    [column('amount'), column('sellerFee'), column('buyerFee'), column('buyers')],
  )
  return rows
}

test(`${BATCHES * BATCH} splits: SQL and TypeScript say the same, and it adds up to the last decimal`, async () => {
  const property = fc.asyncProperty(
    fc.array(split, { minLength: BATCH, maxLength: BATCH }),
    async (splits) => {
      const rows = await inSql(splits)
      for (const [index, one] of splits.entries()) {
        const { amount, sellerFee, buyerFee, buyers } = one
        const said = rows[index]!
        const terms = { amount: decimal(amount), sellerFee: decimal(sellerFee), buyerFee: decimal(buyerFee) }
        assert.deepEqual(splitSettlement(terms, decimal(buyers)), normalised(said))
        const paid = Object.fromEntries(
          Object.entries(normalised(said)).map(([name, text]) => [name, units(text)]),
        )
        const { toBuyer = 0n, toSeller = 0n, buyerFee: ofBuyer = 0n, sellerFee: ofSeller = 0n } = paid
        assert.equal(toBuyer, buyers)
        assert.equal(
          toBuyer + toSeller + ofBuyer + ofSeller,
          amount + sellerFee,
          'the escrow is paid out whole',
        )
        assert.ok(toSeller > 0n && ofBuyer >= 0n && ofSeller >= 0n)
        // Half to even of the exact fraction, by whole numbers.
        const [fees, whole] = [sellerFee + buyerFee, amount - buyerFee]
        const [low, rest] = [(fees * buyers) / whole, (fees * buyers) % whole]
        const fee = 2n * rest > whole || (2n * rest === whole && low % 2n === 1n) ? low + 1n : low
        assert.equal(ofBuyer + ofSeller, fee, 'both fees in proportion, rounded once')
      }
    },
  )
  await fc.assert(property, { numRuns: BATCHES })
})

test('a tie goes to the even digit, and what is no split is refused', async () => {
  // Fees of 0.00000003 of 0.00000010: half of it is a tie between 1 and 2, and 0.00000001 less a tie between 0 and 1.
  const tie: Split = { amount: 10n, sellerFee: 3n, buyerFee: 0n, buyers: 5n }
  assert.equal(normalised((await inSql([tie]))[0]!).sellerFee, '0.00000002')
  const terms = { amount: '0.00000010', sellerFee: '0.00000003', buyerFee: '0.00000000' }
  assert.equal(splitSettlement(terms, '0.00000005')?.sellerFee, '0.00000002')
  for (const wrong of ['0', '0.00000010', '1', '-0.1']) {
    assert.equal(splitSettlement(terms, wrong), null)
    await assert.rejects(
      superuser.query(`select fairlock.settlement('split', 0.0000001, 0.00000003, 0, ${wrong})`),
      { code: '22003' },
    )
  }
})

test('a release and a refund are those of every trade', async () => {
  const settle = async (outcome: string) => {
    const { rows } = await superuser.query(
      `select to_buyer::text, to_seller::text, buyer_fee::text, seller_fee::text
       from fairlock.settlement('${outcome}', 0.10000000, 0.00010000, 0.00020000, null)`,
    )
    return Object.values(rows[0]).map((text) => decimal(units(String(text))))
  }
  assert.deepEqual(await settle('release'), ['0.09980000', '0.00000000', '0.00020000', '0.00010000'])
  assert.deepEqual(await settle('refund'), ['0.00000000', '0.10010000', '0.00000000', '0.00000000'])
})

function normalised(row: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(row).map(([name, text]) => [name, decimal(units(text))]))
}
