import assert from 'node:assert/strict'
import { hostname, networkInterfaces } from 'node:os'
import { after, before, test } from 'node:test'
import {
  type Lookup,
  Outside,
  type OutsideOptions,
  SendFailure,
  TargetRefused,
} from '../../src/notifications/index.ts'
import { selfSigned } from './certificate.ts'
import { receiver } from './receiver.ts'

// What people give us to call must never lead inside (server-side request forgery).

const PUBLIC = '93.184.215.14'
const HOST = 'hooks.example.net'
const message = { headers: { 'content-type': 'application/json' }, body: '{"a":1}' }

/** Spellings and addresses; each must be refused before anything is connected to, whatever a lookup would say. */
const HOSTILE = `
  http://hooks.example.net/          ftp://hooks.example.net/           file:///etc/passwd
  gopher://hooks.example.net/        data:text/plain,hello              javascript:alert(1)
  hooks.example.net/path             //hooks.example.net/               https://
  https://user@hooks.example.net/    https://user:§@hooks.example.net/
  https://@hooks.example.net/        https://hooks.example.net@127.0.0.1/
  https://hooks.example.net/#part    https://hooks.example.net:22/      https://hooks.example.net:25/
  https://hooks.example.net:80/      https://hooks.example.net:5432/    https://hooks.example.net:6379/
  https://hooks.example.net:11211/   https://hooks.example.net:2375/    https://hooks.example.net./
  https://127.0.0.1/                 https://127.0.0.1:8443/            https://127.1/
  https://127.0.1/                   https://2130706433/                https://0x7f000001/
  https://0x7f.0x0.0x0.0x1/          https://0177.0.0.1/                https://017700000001/
  https://0x7f.1/                    https://127.0.0.1./                https://127.254.3.2/
  https://%31%32%37.0.0.1/           https://127%2e0%2e0%2e1/           https://127。0。0。1/
  https://127．0．0．1/               https://１２７.0.0.1/               https://①②⑦.0.0.1/
  https://0/                         https://0.0.0.0/                   https://0.1.2.3/
  https://10.0.0.1/                  https://10.255.255.255/            https://172.16.0.1/
  https://172.31.255.254/            https://192.168.1.1/               https://100.64.0.1/
  https://100.127.255.255/           https://169.254.169.254/           https://2852039166/
  https://0xa9fea9fe/                https://169.254.170.2/             https://192.0.0.192/
  https://192.0.2.1/                 https://198.18.0.1/                https://198.51.100.7/
  https://203.0.113.9/               https://192.88.99.1/               https://224.0.0.1/
  https://239.255.255.250/           https://240.0.0.1/                 https://255.255.255.255/
  https://[::]/                      https://[::1]/                     https://[0:0:0:0:0:0:0:1]/
  https://[::ffff:127.0.0.1]/        https://[::ffff:7f00:1]/           https://[::ffff:a9fe:a9fe]/
  https://[::ffff:0:127.0.0.1]/      https://[::127.0.0.1]/             https://[::ffff:93.184.215.14]/
  https://[64:ff9b::7f00:1]/         https://[64:ff9b::169.254.169.254]/  https://[64:ff9b:1::a00:1]/
  https://[2002:7f00:1::]/           https://[2002:a9fe:a9fe::1]/       https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/
  https://[2001:470::5efe:a00:1]/    https://[2001:470::200:5efe:127.0.0.1]/  https://[fe80::1]/
  https://[fe80::1%25eth0]/          https://[fec0::1]/                 https://[fc00::1]/
  https://[fd00:ec2::254]/           https://[ff02::1]/                 https://[2001:db8::1]/
  https://[3fff::1]/                 https://[100::1]/                  https://[5f00::1]/
  https://[2001:20::1]/              https://[4000::1]/                 https://[e000::1]/
  https://localhost/                 https://LOCALHOST/                 https://localhost./
  https://a.localhost/               https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/                 https://intranet/
  https://printer.local/             https://metadata.google.internal/  https://vault.corp/
  https://nas.home.arpa/             https://router.lan/                https://service.onion/
  https://x.test/                    https://a.invalid/                 https://market.example.org/
  https://MARKET.example.org/        https://1.0.0.127.in-addr.arpa/    https://a_b/
`
  .trim()
  .split(/\s+/)

/** What names may lead to; the spelling of the URL is fine. */
const ANSWERS =
  `127.0.0.1 10.1.2.3 172.20.0.5 192.168.0.10 100.100.100.200 169.254.169.254 0.0.0.0 224.0.0.251
  255.255.255.255 198.19.255.255 ::1 :: fe80::1 fd12:3456:789a::1 ::ffff:10.0.0.1 ::ffff:93.184.215.14 64:ff9b::a00:1
  2002:a00:1::1 2001::1 ff05::2 127.0.0.1%lo fe80::1%eth0 nonsense 2130706433 0177.0.0.1`.split(/\s+/)

const ownAddress = Object.values(networkInterfaces())
  .flatMap((one) => one ?? [])
  .find(({ address, family }) => family === 'IPv4' && address !== '127.0.0.1')?.address

const outside = (options: OutsideOptions = {}) =>
  new Outside({ lookup: async () => [PUBLIC], ownHosts: ['market.example.org'], ...options })
const refuses = (one: Outside, url: string, what = url) => assert.rejects(one.check(url), TargetRefused, what)
const failsBy = (kind: string) => (error: unknown) => error instanceof SendFailure && error.kind === kind

let endpoint: Awaited<ReturnType<typeof receiver>>
const certificate = selfSigned([HOST])
before(async () => {
  endpoint = await receiver({ tls: certificate })
})
after(() => endpoint?.stop())

test(`${HOSTILE.length} hostile targets are refused when they are given and when they are called`, async () => {
  assert.ok(HOSTILE.length >= 100)
  for (const url of HOSTILE) {
    await refuses(outside(), url)
    await assert.rejects(outside().post(url, message), failsBy('target'), url)
  }
  for (const url of [`https://${hostname()}/`, ...(ownAddress ? [`https://${ownAddress}/`] : [])])
    await refuses(outside(), url)
  await refuses(outside(), `https://${HOST}/${'x'.repeat(1000)}`, 'a long one')
})

test('a name is refused when any of its addresses lies inside, is this machine’s own, or is none', async () => {
  for (const address of [...ANSWERS, ...(ownAddress ? [ownAddress] : [])]) {
    for (const answer of [[address], [PUBLIC, address], [address, PUBLIC]]) {
      const one = outside({ lookup: async () => answer })
      await refuses(one, `https://${HOST}/`, answer.join())
      await assert.rejects(one.post(`https://${HOST}/`, message), failsBy('target'), answer.join())
    }
  }
  await refuses(outside({ lookup: async () => [] }), `https://${HOST}/`)
  const unknown = outside({ lookup: () => Promise.reject(new Error('ENOTFOUND')) })
  await refuses(unknown, `https://${HOST}/`)
  await assert.rejects(unknown.post(`https://${HOST}/`, message), failsBy('dns'))
})

test('what is on the public Internet is taken', async () => {
  for (const url of [
    'https://hooks.example.net/path?token=1',
    'https://HOOKS.example.net:443/',
    'https://hooks.example.net:8443/',
    'https://bücher.example.net/',
    'https://93.184.215.14/',
    'https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/',
  ]) {
    await outside().check(url)
  }
  await outside({ lookup: async () => [PUBLIC, '2606:2800:21f:cb07:6820:80da:af6b:8b2c'] }).check(
    `https://${HOST}/`,
  )
})

test('a name that leads elsewhere a moment later is refused, and the connection goes to what was looked at', async () => {
  const url = `https://${HOST}:${endpoint.port}/hook`
  const answers = [[PUBLIC], ['127.0.0.1']]
  const rebinding = outside({ lookup: async () => answers.shift() ?? ['127.0.0.1'], ca: certificate.cert })
  await rebinding.check(url)
  await assert.rejects(rebinding.post(url, message), failsBy('target'))
  assert.equal(endpoint.connections, 0)

  // Two servers at one port: who asked twice would find the second.
  const other = await receiver({ tls: certificate, host: '127.0.0.2', port: endpoint.port })
  let lookups = 0
  const lookup: Lookup = async () => [`127.0.0.${++lookups === 1 ? 2 : 1}`]
  const pinned = outside({ lookup, allow: '127.0.0.0/8', ca: certificate.cert })
  assert.deepEqual(await pinned.post(url, message), { status: 204, retryAfterSeconds: null })
  assert.deepEqual([lookups, other.received.length, endpoint.received.length], [1, 1, 0])
  assert.equal(other.received[0]?.headers.host, `${HOST}:${endpoint.port}`)
  await other.stop()
})

test('the certificate has to be the host’s, from a known authority', async () => {
  const options = { lookup: async () => ['127.0.0.1'], allow: '127.0.0.1' }
  const url = `https://${HOST}:${endpoint.port}/`
  await assert.rejects(outside(options).post(url, message), failsBy('tls'))
  const known = outside({ ...options, ca: certificate.cert })
  await assert.rejects(known.post(`https://other.example.net:${endpoint.port}/`, message), failsBy('tls'))
  assert.equal((await known.post(url, message)).status, 204)
  assert.equal(String(endpoint.received.at(-1)?.body), message.body)
})

test('redirects are not followed, floods are cut off, silence ends, and Retry-After is read', async () => {
  const one = outside({ allow: '127.0.0.1', timeoutMs: 300 })
  const plain = await receiver()
  const url = `http://127.0.0.1:${plain.port}/`
  plain.answer((response) => response.writeHead(302, { location: `${url}elsewhere` }).end())
  assert.equal((await one.post(url, message)).status, 302)
  assert.equal(plain.received.length, 1)
  plain.answer((response) => {
    response.writeHead(200)
    const flood = () => {
      while (!response.destroyed && response.write(Buffer.alloc(16_384)));
    }
    response.on('drain', flood)
    flood()
  })
  const began = performance.now()
  assert.equal((await one.post(url, message)).status, 200)
  assert.ok(performance.now() - began < 250, 'read no further than the first 64 kB')
  plain.answer(() => undefined)
  await assert.rejects(one.post(url, message), failsBy('timeout'))
  plain.answer((response) => response.socket?.destroy())
  await assert.rejects(one.post(url, message), failsBy('connection'))
  plain.answer((response) => response.socket?.end('SSH-2.0-OpenSSH\r\n'))
  await assert.rejects(one.post(url, message), failsBy('protocol'))
  for (const [said, seconds] of [
    ['120', 120],
    [new Date(Date.now() + 60_000).toUTCString(), 60],
    [new Date(0).toUTCString(), 0],
    ['soon', null],
  ] as const) {
    plain.answer((response) => response.writeHead(429, { 'retry-after': said }).end())
    const { retryAfterSeconds } = await one.post(url, message)
    assert.ok(retryAfterSeconds === seconds || retryAfterSeconds === 59, said)
  }
  const closing = new AbortController()
  plain.answer(() => closing.abort())
  await assert.rejects(one.post(url, message, closing.signal), failsBy('closing'))
  const stuck = outside({ lookup: () => new Promise(() => undefined), timeoutMs: 50 })
  await assert.rejects(stuck.post(`https://${HOST}/`, message), failsBy('timeout'))
  await plain.stop()
})

test('the operator can allow names, addresses and networks, and nothing but those', async () => {
  for (const [allow, url] of [
    ['127.0.0.1', 'http://127.0.0.1:8080/'],
    ['10.0.0.0/8, fd00::/8', 'https://[fd00::1]:22/'],
    ['[::1]', 'http://[::1]:8080/'],
    ['bot.internal', 'http://BOT.internal:9000/'],
  ] as const) {
    await outside({ allow, lookup: async () => ['10.0.0.7'] }).check(url)
    await refuses(outside({ allow }), 'https://192.168.0.1/', allow)
    await refuses(outside({ allow }), 'https://other.internal/', allow)
  }
  const inside = outside({ allow: '10.0.0.0/8', lookup: async () => ['10.0.0.7'] })
  await inside.check(`https://${HOST}/`)
  await refuses(inside, `http://${HOST}/`, 'plain http needs the exact name or address')
  await refuses(
    outside({ allow: '10.0.0.0/8', lookup: async () => ['11.0.0.1', '127.0.0.1'] }),
    `https://${HOST}/`,
  )
  for (const wrong of ['10.0.0.0/33', '*.example.org', 'https://a.example', '10.0.0', 'a b'])
    assert.throws(() => outside({ allow: wrong }), /neither/, wrong)
})
