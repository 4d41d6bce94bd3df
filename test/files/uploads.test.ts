import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { crc32, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import pg from 'pg'
import pino from 'pino'
import { buildApp } from '../../src/http/index.ts'
import { SignInLimits } from '../../src/identity/index.ts'
import { Uploads } from '../../src/platform/files/index.ts'
import { attachment, cleanName } from '../../src/platform/files/names.ts'
import { formOf } from '../http/operations.ts'
import { makeKey } from '../keys/support.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'
import { picture, textOf, upload } from './support.ts'

// What may be uploaded, how much at once, and that nothing is left of the rest.

let market: Market
let superuser: pg.Client
let person: Person
/** Takes one upload at once, and no slow one. */
let hasty: { url: string; uploads: Uploads; close: () => Promise<void> }
before(async () => {
  market = await startMarket()
  person = await market.person()
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  const uploads = new Uploads(1, { afterSeconds: 0.5, bytesPerSecond: 1000 })
  const { db, sealer } = market
  const log = pino({ level: 'silent' })
  const limits = new SignInLimits(db.pool)
  const app = await buildApp({
    db,
    sealer,
    limits,
    log,
    trustProxy: false,
    metricsToken: null,
    jobs: () => null,
    uploads,
  })
  hasty = { url: await app.listen({ host: '127.0.0.1', port: 0 }), uploads, close: () => app.close() }
})
after(async () => {
  await hasty?.close()
  await superuser?.end()
  await market?.stop()
})

const forget = () => superuser.query('delete from fairlock.files where subject_id is null')
async function kept(): Promise<number> {
  const { rows } = await superuser.query(`select (select count(*) from fairlock.files)::int
    + (select count(*) from fairlock.file_parts)::int as count`)
  return rows[0].count
}

/** A PNG of black and white points, all the same: large on a screen, small on a disk. */
function pngOf(width: number, height: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 1
  const points = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height))
  const chunk = (type: string, data: Buffer) => {
    const named = Buffer.concat([Buffer.from(type), data])
    const frame = Buffer.alloc(8)
    frame.writeUInt32BE(data.length, 0)
    frame.writeUInt32BE(crc32(named), 4)
    return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)])
  }
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', points),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** A zip archive of one entry that becomes `bytes` zeros; `before` it stands something else. */
function zipOf(bytes: number, before = Buffer.alloc(0), name = 'a.txt'): Buffer {
  const packed = deflateRawSync(Buffer.alloc(bytes))
  const about = Buffer.alloc(26)
  about.writeUInt16LE(20, 0)
  about.writeUInt16LE(8, 4)
  about.writeUInt32LE(crc32(Buffer.alloc(bytes)), 10)
  about.writeUInt32LE(packed.length, 14)
  about.writeUInt32LE(bytes, 18)
  about.writeUInt16LE(name.length, 22)
  const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), about, Buffer.from(name), packed])
  const central = Buffer.concat([
    Buffer.from('PK\u0001\u0002\u0014\u0000'),
    about,
    Buffer.alloc(14),
    Buffer.from(name),
  ])
  central.writeUInt32LE(before.length, 42)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(1, 4)
  end.writeUInt16LE(1, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(before.length + local.length, 12)
  return Buffer.concat([before, local, central, Buffer.from('PK\u0005\u0006'), end])
}

const PDF = Buffer.from('%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n')

test('what a file is its content says, whatever it is called and whoever says otherwise', async () => {
  const png = await picture(40, 30).png().toBuffer()
  const cases: [string, Buffer, string, string][] = [
    ['virus.exe', png, 'image/png', 'virus.exe.png'],
    ['photo.JPEG', await picture(40, 30).jpeg().toBuffer(), 'image/jpeg', 'photo.JPEG'],
    ['a.webp', await picture(41, 31).webp().toBuffer(), 'image/webp', 'a.webp'],
    ['../../etc/passwd', PDF, 'application/pdf', 'passwd.pdf'],
    ['run.bat', Buffer.from('echo hello'), 'text/plain', 'run.bat.txt'],
    ['Überweisung\u202e\u0007.txt', Buffer.from('\ufeffÜber 5 < 6, ℵ'), 'text/plain', 'Überweisung.txt'],
  ]
  for (const [name, content, mediaType, keptAs] of cases) {
    const { status, body } = await upload(market.url, person, content, {
      name,
      type: 'application/x-msdownload',
    })
    assert.deepEqual([status, body.mediaType, body.name], [201, mediaType, keptAs], name)
    assert.equal(body.hasThumbnail, mediaType.startsWith('image/'))
  }
  await forget()
  const before = await kept()
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
  const docx = zipOf(100, Buffer.alloc(0), 'word/document.xml')
  for (const [name, content] of Object.entries({
    zip: zipOf(1000),
    'a zip bomb': zipOf(50_000_000),
    docx,
    svg: Buffer.from(svg),
    'svg as xml': Buffer.from(`<?xml version="1.0"?>${svg}`),
    html: Buffer.from('\n <!doctype html><script>alert(1)</script>'),
    exe: Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)]),
    gif: await picture(4, 3).gif().toBuffer(),
    gzip: gzipSync('a text'),
    'text with NUL': Buffer.from('a\0b'),
    'text in Latin-1': Buffer.from('Überweisung', 'latin1'),
    'half a character at the end': Buffer.from('Ü').subarray(0, 1),
    elf: Buffer.concat([Buffer.from('\u007fELF'), Buffer.alloc(100)]),
  })) {
    const { status, body } = await upload(market.url, person, content, {
      name: 'picture.png',
      type: 'image/png',
    })
    assert.deepEqual(
      [status, body.code, body.errors?.[0]?.field],
      [415, 'file_type_not_allowed', 'file'],
      name,
    )
  }
  assert.equal(await kept(), before)
})

test('pictures that cannot be shown, bombs, and files of two kinds are refused quickly', async () => {
  const before = await kept()
  const [png, jpeg] = [await picture(400, 300).png().toBuffer(), await picture(400, 300).jpeg().toBuffer()]
  const broken = Buffer.from(png)
  broken.fill(0xff, 60, broken.length - 20)
  const large = pngOf(30_000, 30_000)
  assert.ok(large.length < 200_000)
  for (const [name, content] of Object.entries({
    'a picture of 900 million points': large,
    'a picture of 56 million points': pngOf(8000, 7000),
    'a broken PNG': broken,
    'a PNG that is cut': png.subarray(0, -30),
    'a JPEG that is cut': jpeg.subarray(0, jpeg.length >> 1),
    'a PNG with a zip behind it': zipOf(1000, png),
    'a PNG with anything behind it': Buffer.concat([png, Buffer.from('<script>')]),
    'a JPEG with a zip behind it': zipOf(1000, jpeg),
    'a WebP with something behind it': Buffer.concat([
      await picture(4, 3).webp().toBuffer(),
      Buffer.alloc(9),
    ]),
    'a PDF with a zip behind it': zipOf(1000, PDF),
    'a PDF without an end': PDF.subarray(0, -8),
    'the name of a PNG': Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
  })) {
    const began = performance.now()
    const { status, body } = await upload(market.url, person, content)
    const answered = [status, body.code]
    // Without its first chunk a PNG is nothing that has a name.
    const isNothing = answered[1] === 'file_type_not_allowed' && name === 'the name of a PNG'
    if (!isNothing) assert.deepEqual(answered, [422, 'file_unreadable'], name)
    assert.ok(performance.now() - began < 3000, `${name} took long`)
  }
  assert.equal(await kept(), before)
  const most = await upload(market.url, person, pngOf(7000, 7000))
  assert.deepEqual([most.status, most.body.width], [201, 7000], 'a picture of 49 million points')
  await forget()
})

test('thumbnails are upright, at most 320 pixels, and hold nothing of what the camera noted', async () => {
  const noted = {
    IFD0: { Copyright: 'Zebulon Quartermain' },
    IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' },
  }
  const photo = await picture(1000, 500).withExif(noted).jpeg().withMetadata({ orientation: 6 }).toBuffer()
  assert.ok(photo.includes('Exif'))
  const { body } = await upload(market.url, person, photo)
  assert.deepEqual([body.width, body.height], [500, 1000])
  const seen = await fetch(`${market.url}/v1/files/${body.id}/thumbnail`, { headers: person.headers() })
  assert.equal(seen.headers.get('content-type'), 'image/webp')
  const thumbnail = Buffer.from(await seen.arrayBuffer())
  const { default: sharp } = await import('sharp')
  const { width, height, exif, xmp, icc } = await sharp(thumbnail).metadata()
  assert.deepEqual([width, height, exif, xmp, icc], [160, 320, undefined, undefined, undefined])
  await forget()
})

test('a body that is packed, or cut off, or comes too slowly, leaves nothing', async () => {
  const before = await kept()
  const whole = formOf([
    ['purpose', 'evidence'],
    ['file', textOf(200_000)],
  ])
  const packed = await fetch(`${market.url}/v1/files`, {
    method: 'POST',
    headers: { ...person.headers(), ...whole.headers, 'content-encoding': 'gzip' },
    body: gzipSync(whole.payload),
  })
  assert.deepEqual(
    [packed.status, ((await packed.json()) as { code: string }).code],
    [415, 'unsupported_media_type'],
  )
  const head = (length: number) =>
    [
      'POST /v1/files HTTP/1.1',
      'host: x',
      `authorization: ${person.headers().authorization}`,
      `content-type: ${whole.headers['content-type']}`,
      `content-length: ${length}`,
      '\r\n',
    ].join('\r\n')
  const { port } = new URL(hasty.url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.write(head(whole.payload.length))
  socket.write(whole.payload.subarray(0, 100_000))
  await until(() => hasty.uploads.running === 1)
  const busy = await upload(hasty.url, await market.person(), 'another text')
  assert.deepEqual([busy.status, busy.body.code], [503, 'uploads_busy'])
  assert.equal(busy.headers.get('retry-after'), '5')
  socket.destroy()
  await until(() => hasty.uploads.running === 0)
  // Fast at first, and then a byte now and then.
  const slow = connect(Number(port), '127.0.0.1')
  let said = ''
  slow.on('data', (chunk) => {
    said += chunk
  })
  slow.write(head(whole.payload.length))
  slow.write(whole.payload.subarray(0, 500))
  const trickle = setInterval(() => slow.write(whole.payload.subarray(500, 501)), 50)
  await new Promise((resolve) => slow.on('close', resolve))
  clearInterval(trickle)
  assert.match(said, /^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/)
  assert.equal(hasty.uploads.running, 0)
  assert.equal(await kept(), before)
  assert.deepEqual([...hasty.uploads.refused.keys()].sort(), [
    'invalid_request',
    'request_timeout',
    'uploads_busy',
  ])
  const { body } = await fetchText(`${hasty.url}/metrics`)
  assert.match(body, /fairlock_uploads_refused\{code="request_timeout"\} 1/)
  assert.match(body, /fairlock_file_bytes\{state="unattached"\} 0/)
})

test('one person uploads two files at once, and has at most twenty and five times the largest lying about', async () => {
  const uploads = new Uploads(3)
  const waits: (() => void)[] = []
  const running = ['a', 'a', 'b'].map((who) =>
    uploads.admit(who, () => new Promise<void>((resolve) => void waits.push(resolve))),
  )
  await assert.rejects(
    uploads.admit('a', async () => undefined),
    { code: 'too_many_uploads' },
  )
  await assert.rejects(
    uploads.admit('c', async () => undefined),
    { code: 'uploads_busy' },
  )
  for (const end of waits) end()
  await Promise.all(running)
  assert.equal(await uploads.admit('c', async () => uploads.running), 1)

  await superuser.query('update fairlock.settings set file_megabytes = 1')
  const hoarder = await market.person('hoarder')
  for (let i = 0; i < 4; i++)
    assert.equal((await upload(market.url, hoarder, textOf(1024 * 1024))).status, 201)
  // Room for one more, and two at once.
  const both = await Promise.all([0, 1].map(() => upload(market.url, hoarder, textOf(1024 * 1024))))
  assert.deepEqual(both.map(({ status }) => status).sort(), [201, 409])
  assert.equal(both.find(({ status }) => status === 409)?.body.code, 'too_many_files')
  const early = await upload(market.url, hoarder, 'x')
  assert.equal(early.body.code, 'too_many_files')
  await forget()
  for (let i = 0; i < 20; i++) assert.equal((await upload(market.url, hoarder, `text ${i}`)).status, 201)
  assert.equal((await upload(market.url, hoarder, 'one more')).body.code, 'too_many_files')
  await forget()
  const large = await upload(market.url, hoarder, textOf(1024 * 1024 + 1))
  assert.deepEqual(
    [large.status, large.body.code, large.body.mostBytes],
    [413, 'file_too_large', 1024 * 1024],
  )
  await superuser.query('update fairlock.settings set file_megabytes = 20')
})

test('a repeat with the same key gets the first answer; API keys need the scope to trade', async () => {
  const first = await upload(market.url, person, 'once', { key: 'one' })
  const count = await kept()
  const [again, late] = await Promise.all(
    [0, 1].map(() => upload(market.url, person, 'once', { key: 'one' })),
  )
  assert.deepEqual([again?.body, late?.body], [first.body, first.body])
  assert.equal(await kept(), count)
  const other = await upload(market.url, person, 'twice', { key: 'one' })
  assert.deepEqual([other.status, other.body.code], [422, 'idempotency_key_reused'])
  for (const [scope, status] of [
    ['read', 403],
    ['trade', 201],
  ] as const) {
    const { key } = await makeKey(person, market.url, { scopes: [scope] })
    const { payload, headers } = formOf([
      ['file', textOf(100)],
      ['purpose', 'kyc'],
    ])
    const sent = {
      method: 'POST',
      headers: { ...headers, authorization: `Bearer ${key}` },
      body: new Uint8Array(payload),
    }
    const answer = await fetch(`${market.url}/v1/files`, sent)
    assert.equal(answer.status, status)
    const body = (await answer.json()) as { id: string }
    if (status !== 201) continue
    const seen = await fetch(`${market.url}/v1/files/${body.id}`, {
      headers: { authorization: `Bearer ${key}` },
    })
    assert.equal(seen.status, 404, 'a key never shows documents of KYC')
    assert.equal((await person.get(`/v1/files/${body.id}`)).status, 200)
  }
  await forget()
})

test('names are kept short and harmless, and are told to browsers whole', () => {
  const cases: [string | undefined, string, string][] = [
    [undefined, 'image/png', 'file.png'],
    ['', 'text/plain', 'file.txt'],
    ['..', 'text/plain', 'file.txt'],
    ['C:\\Users\\me\\scan.PDF', 'application/pdf', 'scan.PDF'],
    ['invoice.pdf.exe', 'application/pdf', 'invoice.pdf.exe.pdf'],
    ['a"b\r\nx: y.png', 'image/png', 'a bx y.png'],
    ['.htaccess', 'text/plain', 'htaccess.txt'],
    ['\ud800.txt', 'text/plain', '\ufffd.txt'],
  ]
  for (const [said, type, name] of cases) assert.equal(cleanName(said, type), name)
  const long = cleanName(`${'😀'.repeat(300)}.png`, 'image/png')
  assert.ok([...long].length <= 120 && long.endsWith('.png') && long.isWellFormed())
  assert.equal(
    attachment('Überweisung (1) 100%.png'),
    'attachment; filename="U_berweisung (1) 100_.png"; filename*=UTF-8\'\'%C3%9Cberweisung%20%281%29%20100%25.png',
  )
})

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; !isSo(); i++) {
    assert.ok(i < 300, 'waited long')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function fetchText(url: string) {
  const answer = await fetch(url)
  return { status: answer.status, body: await answer.text() }
}
