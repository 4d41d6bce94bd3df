import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { adoptionUp, recognise, recordMapping } from '../../src/adoption/index.ts'
import { dirtOf, makeLegacy } from '../../src/adoption/legacy/index.ts'
import { bringUp } from '../../src/cli/bring-up.ts'
import { withSession } from '../../src/platform/migrator/index.ts'
import { wrongOutcomes } from '../support/legacy/outcomes.ts'
import { emptyDatabase } from '../support/server.ts'

// The odd database has every kind of dirt, the plain one those that strict types let in.
test('every kind of dirt comes to the end that docs/operating/migration.md says, row by row', async () => {
  const database = await emptyDatabase()
  const { dirt } = await makeLegacy(database.ownerUrl, { rows: 100, dirty: true, variant: 'odd' })
  const { mapping, shapes } = await recognise(database.ownerUrl)
  await withSession(database.ownerUrl, (session) =>
    recordMapping(session, { mapping: mapping!, shapes, confirmed: true }),
  )
  await adoptionUp({
    ownerUrl: database.ownerUrl,
    bringUp: () => bringUp(database),
    confirmCustody: async () => true,
    listenMs: 0,
  })
  const owner = new pg.Client(database.superuserUrl)
  await owner.connect()
  try {
    assert.equal(dirt.length, dirtOf('odd').length)
    assert.deepEqual(await wrongOutcomes(owner, dirt), [])
    const elsewhere = { ...dirt[0]!, keys: ['nowhere'] }
    assert.deepEqual(await wrongOutcomes(owner, [elsewhere]), [
      'email_missing (users nowhere) is nowhere, not carried',
    ])
  } finally {
    await owner.end()
  }
})
