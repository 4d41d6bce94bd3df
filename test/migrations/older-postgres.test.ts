import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adoptionDown } from '../../src/adoption/index.ts'
import { bringUp } from '../../src/cli/bring-up.ts'
import { appUrlFor } from '../../src/platform/app-login.ts'
import { asEngine } from '../../src/platform/index.ts'
import { status } from '../../src/platform/migrator/index.ts'
import { makeAdopted, mistakes, oldChecksums, takeOver } from '../adoption/taken-over.ts'
import { furnish } from '../support/house.ts'
import { makeOwner, olderServers, startOlderServer } from '../support/older-server.ts'
import { withClient } from '../support/server.ts'

// Production may run 15 to 18; the embedded server is 18.
const servers = olderServers()

for (const bin of servers.length > 0 ? servers : ['none']) {
  const version = /postgresql\/(\d+)/.exec(bin)?.[1] ?? '15'
  const skip = servers.length === 0 ? 'needs the Debian package postgresql' : false
  test(`the same schema and the same sale on PostgreSQL ${version}`, { skip }, async () => {
    const server = startOlderServer(bin)
    try {
      const ownerUrl = await makeOwner(server.port)
      const { problems } = await bringUp({ ownerUrl })
      assert.deepEqual(problems, [])
      assert.deepEqual((await status({ ownerUrl })).drift, [])
      await furnish({ ownerUrl, appUrl: appUrlFor(ownerUrl) })
      assert.equal(await sell(ownerUrl), 'completed')
    } finally {
      server.stop()
    }
  })

  test(`an old platform's database is taken over on PostgreSQL ${version}, and given back`, {
    skip,
  }, async () => {
    const server = startOlderServer(bin)
    try {
      const ownerUrl = await makeOwner(server.port)
      const urls = { ownerUrl, appUrl: appUrlFor(ownerUrl) }
      await makeAdopted(ownerUrl, { rows: 100, dirty: true, variant: 'odd' })
      const before = await withClient(ownerUrl, oldChecksums)
      assert.equal((await takeOver(urls)).phase, 'beside')
      assert.deepEqual(await mistakes(urls), [])
      await adoptionDown({ ...urls, to: 'adopted' })
      assert.deepEqual(await withClient(ownerUrl, oldChecksums), before)
    } finally {
      server.stop()
    }
  })
}

/** One sale by the command functions alone. */
async function sell(ownerUrl: string): Promise<string> {
  return asEngine(ownerUrl, async (client) => {
    const person = async (name: string): Promise<string> => {
      const made = await client.query(`select fairlock.register_person($1, $2, '$argon2id$') as answer`, [
        `${name}@example.org`,
        name,
      ])
      return made.rows[0].answer.user.id
    }
    const command = async (actor: string, operation: string, args: object) => {
      await client.query(`select set_config('fairlock.user_id', $1, true)`, [actor])
      const done = await client.query('select fairlock.command($1, $2, null, null) as answer', [
        operation,
        args,
      ])
      assert.equal(done.rows[0].answer.refusal, undefined, JSON.stringify(done.rows[0].answer))
      return done.rows[0].answer
    }
    const [seller, buyer, admin] = [await person('marta'), await person('dan'), await person('olga')]
    await client.query(`select fairlock.set_staff_role($1, 'admin', true)`, [admin])
    await command(admin, 'adjust_balance', {
      userId: seller,
      currency: 'BTC',
      amount: '1',
      reason: 'deposit',
    })
    const offer = await command(seller, 'create_offer', {
      side: 'sell',
      pair: 'BTC/EUR',
      pricing: { type: 'fixed', price: '60000' },
      totalAmount: '0.5',
      minAmount: '0.01',
      maxAmount: '0.5',
      paymentMethodTypes: ['sepa'],
    })
    const take = { offerId: offer.id, amount: '0.1', paymentMethodType: 'sepa' }
    const { body: trade } = await command(buyer, 'take_offer', take)
    await command(buyer, 'pay_trade', { tradeId: trade.id })
    const { body } = await command(seller, 'release_trade', { tradeId: trade.id })
    return body.status
  })
}
