import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { erasePerson } from '../../src/operations/index.ts'
import { newId } from '../../src/platform/index.ts'
import { Rewrap } from '../../src/platform/sealing/index.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'
import { download, picture, sha256, textOf, upload } from './support.ts'

// What is kept comes back as it was, to who may see it, or not at all.

const MOST = 20 * 1024 * 1024

let market: Market
let superuser: pg.Client
let owner: Person
let other: Person
before(async () => {
  market = await startMarket()
  ;[owner, other] = [await market.person('owner'), await market.person('other')]
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

const count = async (table: string, where = 'true') =>
  Number((await superuser.query(`select count(*) from ${table} where ${where}`)).rows[0].count)
const attach = async (file: string, person: Person, purpose: string, client = superuser) => {
  const values = [file, person.id, purpose, newId()]
  const { rows } = await client.query('select fairlock.attach_file($1, $2, $3, $4) as done', values)
  return rows[0].done as boolean
}

test('20 MB go in and come out byte for byte; one byte more is refused and leaves nothing', async () => {
  const content = textOf(MOST)
  const kept = await upload(market.url, owner, content, { name: 'Überweisung.txt' })
  assert.equal(kept.status, 201, JSON.stringify(kept.body))
  const { id, createdAt, ...rest } = kept.body
  assert.deepEqual(rest, {
    name: 'Überweisung.txt',
    purpose: 'evidence',
    mediaType: 'text/plain',
    bytes: MOST,
    sha256: sha256(content),
    width: null,
    height: null,
    hasThumbnail: false,
  })
  assert.match(createdAt, /^20\d\d-.*Z$/)
  assert.equal(await count('fairlock.file_parts', `file_id = '${id}'`), 20)
  const back = await download(market.url, owner, `/v1/files/${id}`)
  assert.equal(back.status, 200)
  assert.ok(back.bytes.equals(content))
  const said = Object.fromEntries(back.headers)
  assert.equal(said['content-type'], 'text/plain; charset=utf-8')
  assert.equal(said['content-length'], String(MOST))
  assert.equal(
    said['content-disposition'],
    'attachment; filename="U_berweisung.txt"; filename*=UTF-8\'\'%C3%9Cberweisung.txt',
  )
  assert.equal(said['content-security-policy'], "sandbox; default-src 'none'")
  assert.equal(said['x-content-type-options'], 'nosniff')
  assert.equal(said['cache-control'], 'no-store')
  assert.equal(said.etag, `"${rest.sha256}"`)
  const before = [await count('fairlock.files'), await count('fairlock.file_parts')]
  const more = await upload(market.url, owner, textOf(MOST + 1))
  assert.deepEqual([more.status, more.body.code, more.body.errors[0].field], [413, 'file_too_large', 'file'])
  assert.deepEqual([await count('fairlock.files'), await count('fairlock.file_parts')], before)
})

test('nobody but its owner sees a file that belongs to nothing; it is attached once, and then stays', async () => {
  const { body: file } = await upload(market.url, owner, 'a text', { purpose: 'message' })
  assert.equal((await owner.get(`/v1/files/${file.id}`)).body, 'a text')
  for (const who of [other, await market.admin()])
    for (const path of [`/v1/files/${file.id}`, `/v1/files/${file.id}/thumbnail`])
      assert.deepEqual([(await who.get(path)).status, (await who.get(path)).body.code], [404, 'not_found'])
  assert.equal((await owner.get(`/v1/files/${file.id}/thumbnail`)).status, 404, 'a text has none')
  assert.equal(await attach(file.id, other, 'message'), false, 'of somebody else')
  assert.equal(await attach(file.id, owner, 'evidence'), false, 'for another purpose')
  const clients = Array.from({ length: 5 }, () => new pg.Client(market.database.superuserUrl))
  await Promise.all(clients.map((client) => client.connect()))
  const tries = await Promise.all(clients.map((client) => attach(file.id, owner, 'message', client)))
  await Promise.all(clients.map((client) => client.end()))
  assert.deepEqual(tries.filter(Boolean), [true], 'once, of five at the same moment')
  assert.equal((await other.get(`/v1/files/${file.id}`)).status, 404, 'nothing is known of this message')
  for (const statement of [
    `delete from fairlock.files where id = $1`,
    `delete from fairlock.file_parts where file_id = $1`,
    `update fairlock.files set sha256 = sha256('') where id = $1`,
    `update fairlock.files set subject_id = gen_random_uuid() where id = $1`,
    `update fairlock.files set subject_id = null, attached_at = null where id = $1`,
    `update fairlock.file_parts set number = 1 where file_id = $1`,
  ])
    await assert.rejects(superuser.query(statement, [file.id]), { code: 'FL090' }, statement)
  const half = superuser.query(
    `insert into fairlock.files (id, owner_id, purpose, media_type, bytes, sha256)
     values (gen_random_uuid(), $1, 'kyc', 'text/plain', 5, sha256(''))`,
    [owner.id],
  )
  await assert.rejects(half, { code: 'FL091' }, 'a file without its parts')
})

test('what belongs to nothing goes after a day, and nothing else', async () => {
  const ids: string[] = []
  for (const text of ['old', 'young', 'used']) ids.push((await upload(market.url, other, text)).body.id)
  const [old, young, used] = ids
  await attach(used!, other, 'evidence')
  await superuser.query(`alter table fairlock.files disable trigger guarded`)
  await superuser.query(
    `update fairlock.files set created_at = now() - interval '25 hours' where id = any ($1)`,
    [[old, used]],
  )
  await superuser.query(`alter table fairlock.files enable trigger guarded`)
  await market.db.pool.query('select fairlock.sweep(1000)')
  assert.deepEqual(
    await Promise.all([old, young, used].map(async (id) => (await other.get(`/v1/files/${id}`)).status)),
    [404, 200, 200],
  )
  assert.equal(await count('fairlock.file_parts', `file_id = '${old}'`), 0)
})

test('each look is on the record of the file and in the log', async () => {
  const photo = await picture(30, 20).png().toBuffer()
  const { body: file } = await upload(market.url, owner, photo, { name: 'receipt.png' })
  await owner.get(`/v1/files/${file.id}`)
  await owner.get(`/v1/files/${file.id}/thumbnail`)
  await other.get(`/v1/files/${file.id}`)
  const { rows: views } = await superuser.query(
    'select viewer_id, what from fairlock.file_views where file_id = $1 order by viewed_at',
    [file.id],
  )
  assert.deepEqual(views, [
    { viewer_id: owner.id, what: 'original' },
    { viewer_id: owner.id, what: 'thumbnail' },
  ])
  const { rows: log } = await superuser.query(
    'select action, actor_id, details from audit.events where subject_id = $1 order by id',
    [file.id],
  )
  assert.deepEqual(
    log.map(({ action, details }) => [action, details.what]),
    [
      ['file.uploaded', undefined],
      ['secret.opened', 'original'],
      ['secret.opened', 'thumbnail'],
    ],
  )
  assert.equal(log[0].details.sha256, sha256(photo))
})

test('a file whose parts were changed, cut, swapped or moved is not shown, and the log says so', async () => {
  const content = textOf(2 * 1024 * 1024 + 500)
  const alien = (await upload(market.url, owner, textOf(1024 * 1024))).body.id
  const part = (file: string, number: number) =>
    `(select content from fairlock.file_parts where file_id = '${file}' and number = ${number})`
  const cases: Record<string, (id: string) => string> = {
    'two parts swapped': (
      id,
    ) => `update fairlock.file_parts p set content = case number when 0 then ${part(id, 1)} else ${part(id, 0)} end
      where file_id = '${id}' and number < 2`,
    'a part with another id': (id) =>
      `update fairlock.file_parts set id = gen_random_uuid() where file_id = '${id}' and number = 1`,
    'a part cut away': (id) => `delete from fairlock.file_parts where file_id = '${id}' and number = 2`,
    'a part of another file': (id) =>
      `update fairlock.file_parts set content = ${part(alien, 0)} where file_id = '${id}' and number = 0`,
    'one character changed': (id) => `update fairlock.file_parts set content = overlay(content placing
      case substr(content, 5000, 1) when 'A' then 'B' else 'A' end from 5000) where file_id = '${id}' and number = 1`,
    'another hash': (id) => `update fairlock.files set sha256 = sha256('') where id = '${id}'`,
    'another type': (id) => `update fairlock.files set media_type = 'text/html' where id = '${id}'`,
    'fewer bytes, and a part less': (
      id,
    ) => `with cut as (delete from fairlock.file_parts where file_id = '${id}' and number = 2)
      update fairlock.files set bytes = 2097152 where id = '${id}'`,
    'what is sealed about another': (
      id,
    ) => `update fairlock.files set about = (select about from fairlock.files where id = '${alien}')
      where id = '${id}'`,
  }
  for (const [name, statement] of Object.entries(cases)) {
    const { body: file } = await upload(market.url, owner, content)
    await superuser.query('begin')
    await superuser.query('set local session_replication_role = replica')
    await superuser.query(statement(file.id))
    await superuser.query('commit')
    const { status, body } = await owner.get(`/v1/files/${file.id}`)
    assert.deepEqual([status, body.code], [500, 'file_damaged'], name)
    assert.equal(
      await count('audit.events', `subject_id = '${file.id}' and action = 'file.damaged'`),
      1,
      name,
    )
    await superuser.query('delete from fairlock.files where id = $1', [file.id])
  }
})

test('keys are rotated and renewed under files; what was being uploaded is kept with the next key', async () => {
  const content = await picture(600, 400).png().toBuffer()
  const { body: file } = await upload(market.url, owner, content)
  const { body: large } = await upload(market.url, owner, textOf(1024 * 1024 + 7))
  const sealed = async () =>
    (await superuser.query('select left(content, 60) as head from fairlock.file_parts order by id')).rows.map(
      ({ head }) => head,
    )
  const before = await sealed()
  await superuser.query('update fairlock.rewrap set requested_at = clock_timestamp(), finished_at = null')
  const report = await new Rewrap(market.db, market.sealer).run()
  assert.deepEqual([report.done, report.stuck], [true, []])
  const now = await sealed()
  assert.equal(now.length, before.length)
  assert.ok(now.every((head) => !before.includes(head)))
  assert.ok((await download(market.url, owner, `/v1/files/${file.id}`)).bytes.equals(content))
  assert.equal(sha256((await download(market.url, owner, `/v1/files/${large.id}`)).bytes), large.sha256)

  // The key is retired between the sealing and the writing.
  const { steps } = market.db
  let retired = 0
  market.db.steps = async (...given) => {
    if (retired++ === 0) {
      const { rows } = await superuser.query(
        `select id from fairlock.data_keys where owner_id = $1 and state = 'active'`,
        [owner.id],
      )
      await market.sealer.keys.replace(rows[0].id, owner.id)
    }
    return steps.apply(market.db, given) as never
  }
  try {
    const during = await upload(market.url, owner, content)
    assert.deepEqual([during.status, retired], [201, 2], JSON.stringify(during.body))
    assert.ok((await download(market.url, owner, `/v1/files/${during.body.id}`)).bytes.equals(content))
  } finally {
    market.db.steps = steps
  }
})

test('with their owner erased, files are gone, also from old copies; that they were there stays', async () => {
  const person = await market.person('leaving')
  const [used, unused] = [
    await upload(market.url, person, 'evidence'),
    await upload(market.url, person, 'more'),
  ]
  await attach(used.body.id, person, 'evidence')
  const { ownerUrl, appUrl } = market.database
  const { rows: old } = await superuser.query(
    'select id, content from fairlock.file_parts where file_id = $1',
    [used.body.id],
  )
  await erasePerson({
    ownerUrl,
    appUrl,
    userId: person.id,
    reason: 'asked for it',
    withBalance: false,
    dryRun: false,
  })
  assert.equal(await count('fairlock.file_parts', `owner_id = '${person.id}'`), 0)
  const { rows } = await superuser.query(
    'select id, encode(sha256, $2) as sha256, about from fairlock.files where owner_id = $1 order by id',
    [person.id, 'hex'],
  )
  assert.deepEqual(
    rows,
    [used, unused].map(({ body }) => ({ id: body.id, sha256: body.sha256, about: null })),
  )
  market.sealer.keys.forget()
  const place = { table: 'fairlock.file_parts', column: 'content', row: old[0].id }
  await assert.rejects(market.sealer.open(person.id, place, old[0].content), { name: 'Unsealable' })
})
