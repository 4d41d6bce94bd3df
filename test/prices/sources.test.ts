import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { Guard } from '../../src/prices/sources/guard.ts'
import type { Failure, Source } from '../../src/prices/sources/source.ts'
import { SourceError } from '../../src/prices/sources/source.ts'
import { type Behaviour, json, Services, withNumbers } from './services.ts'

const LIMITS = { timeoutMs: 5000, maxBytes: 1024 * 1024, redirects: 2, retryMs: 1 }
/** For who never answers: nothing else is asked so impatiently. */
const IMPATIENT = { ...LIMITS, timeoutMs: 60 }
const services = new Services()
let sources: Record<string, Source>
before(() => services.start())
after(() => services.stop())
beforeEach(() => {
  services.requests.length = 0
  sources = services.sources()
})

const never = new AbortController().signal
const read = (source: Source) => new Guard(source, LIMITS).read(never)
const priceOf = async (source: Source, pair: string) =>
  (await read(source)).ticks.find(({ base, quote }) => `${base}/${quote}` === pair)?.price

test('each source says what its service does, exactly', async () => {
  assert.equal(await priceOf(sources['blockchain.info']!, 'BTC/ARS'), '101788223.31')
  assert.equal(await priceOf(sources['currency-api']!, 'BTC/VND'), '1865408980.56008291')
  assert.equal(await priceOf(sources.yadio!, 'BTC/KES'), '9190000.5')
  assert.equal(await priceOf(sources.coingecko!, 'DOGE/EUR'), '0.08992278')
  assert.equal(await priceOf(sources.kraken!, 'BTC/USD'), '71045')
  assert.equal(await priceOf(sources.kraken!, 'XMR/USD'), '358.7')
  assert.equal(await priceOf(sources.kraken!, 'DOGE/USD'), '0.10431')
  assert.equal(await priceOf(sources.kraken!, 'USD/JPY'), '159.96')
  assert.equal(await priceOf(sources.coinbase!, 'BTC/USD'), '71042.909917590224496')
  assert.equal(await priceOf(sources.coinbase!, 'USDC/USD'), '1')
})

test('what is no price is left out and counted, the rest is kept', async () => {
  assert.deepEqual((await read(sources.yadio!)).dropped, { null: 1 })
  assert.deepEqual((await read(sources.coingecko!)).dropped, { null: 1 })
  const odd = ['-5', '0', '"71000"', '1e400', '1e-99', '7'.repeat(60), 'true', '{"a":1}', 'null', '71040.5']
  const fiats = ['EUR', 'GBP', 'CHF', 'SEK', 'NOK', 'DKK', 'PLN', 'CZK', 'HUF', 'USD']
  services.behave('yadio', (response) =>
    json(response, `{"BTC":{${fiats.map((fiat, i) => `"${fiat}":${odd[i]}`).join(',')}}}`),
  )
  const { ticks, dropped } = await read(sources.yadio!)
  assert.deepEqual(
    ticks.map(({ quote, price }) => [quote, price]),
    [['USD', '71040.5']],
  )
  assert.deepEqual(dropped, { not_positive: 2, not_a_number: 3, absurd: 3, null: 1 })
  services.behave('yadio', null)
})

test('times are those of the service, or of its answer', async () => {
  const ageOf = async (source: Source) => Date.now() - Date.parse((await read(source)).ticks[0]!.at)
  for (const name of ['kraken', 'coinbase', 'coingecko', 'blockchain.info', 'yadio']) {
    assert.ok(Math.abs(await ageOf(sources[name]!)) < 2500, name)
  }
  assert.ok((await ageOf(sources['currency-api']!)) > 80_000_000)
})

test('CoinGecko also says what is known of the coins, and gets its key', async () => {
  const { facts } = await read(services.sources('CG-demo-key').coingecko!)
  assert.equal(facts.length, 13)
  const bitcoin = facts.find(({ currency }) => currency === 'BTC')!
  assert.deepEqual(
    { ...bitcoin, at: null },
    {
      currency: 'BTC',
      name: 'Bitcoin',
      rank: 1,
      marketCap: '1419505492640',
      volume24h: '34103845123',
      high24h: '71750.4',
      low24h: '70329.6',
      circulatingSupply: '19982341',
      totalSupply: '19982341',
      maxSupply: '21000000',
      dominance: '57.10298127',
      sentiment: '74.19',
      at: null,
      source: 'coingecko',
    },
  )
  const dai = facts.find(({ currency }) => currency === 'DAI')!
  assert.deepEqual([dai.rank, dai.maxSupply, dai.dominance, dai.sentiment], [null, null, null, null])
  assert.ok(services.requests.every(({ headers }) => headers['x-cg-demo-api-key'] === 'CG-demo-key'))
  assert.ok(services.requests.every(({ path }) => !path.includes('CG-')))
  await read(services.sources('pro:CG-paid').coingecko!)
  assert.equal(services.requests.at(-1)!.headers['x-cg-pro-api-key'], 'CG-paid')
})

test('without its facts CoinGecko still has prices, and says what is wrong', async () => {
  services.behave('coingecko', (response, good, { url = '' }) =>
    url.includes('/simple/') ? json(response, good) : response.writeHead(429, { 'retry-after': '7' }).end(),
  )
  const { ticks, facts, trouble } = await read(sources.coingecko!)
  assert.ok(ticks.length > 100)
  assert.deepEqual(facts, [])
  assert.deepEqual([trouble?.failure, trouble?.retryAfterSeconds], ['rate_limited', 7])
  services.behave('coingecko', null)
})

test('a book that Kraken has closed costs no other: all are asked for', async () => {
  services.behave('kraken', (response, good, { url = '' }) =>
    json(response, url.includes('pair=') ? '{"error":["EQuery:Unknown asset pair"]}' : good),
  )
  assert.equal(await priceOf(sources.kraken!, 'BTC/EUR'), '61245')
  services.behave('kraken', (response) => json(response, '{"error":["EService:Unavailable"]}'))
  await assert.rejects(read(sources.kraken!), { failure: 'unexpected' })
  services.behave('kraken', null)
})

test('currency-api has a second address', async () => {
  services.behave('currency-api', (response) => response.writeHead(404).end())
  assert.ok(await priceOf(sources['currency-api']!, 'BTC/EUR'))
  services.behave('currency-api', null)
})

const HUGE = 'x'.repeat(1 << 20)
/** What a service can do, and what it is called. */
const BAD: Record<string, [Failure, Behaviour]> = {
  hangs: ['timeout', () => undefined],
  drips: [
    'timeout',
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"USD":')
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    },
  ],
  'answers HTML': [
    'not_json',
    (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Just a moment…</h1>'),
  ],
  'calls HTML JSON': ['malformed', (response) => json(response, '<h1>Just a moment…</h1>')],
  'answers 500': ['status', (response) => response.writeHead(500).end('{"USD":{"last":1.5}}')],
  'answers 403': ['status', (response) => response.writeHead(403).end()],
  'answers 429': ['rate_limited', (response) => response.writeHead(429, { 'retry-after': '120' }).end()],
  'cuts JSON off': ['malformed', (response, good) => json(response, good.slice(0, good.length / 2))],
  'cuts the connection': [
    'network',
    (response, good) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': good.length })
      response.write(good.slice(0, 100), () => response.destroy())
    },
  ],
  'sends NaN': [
    'malformed',
    (response, good) =>
      json(
        response,
        withNumbers(good, () => 'NaN'),
      ),
  ],
  'sends nulls': [
    'unexpected',
    (response, good) =>
      json(
        response,
        withNumbers(good, () => 'null'),
      ),
  ],
  'sends minus': [
    'unexpected',
    (response, good) =>
      json(
        response,
        withNumbers(good, (one) => `-${one}`),
      ),
  ],
  'sends a list': ['unexpected', (response) => json(response, '[]')],
  'nests deeper than the stack': ['malformed', (response) => json(response, '['.repeat(500_000))],
  'sends 50 MB': [
    'too_large',
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      let sent = 0
      const more = () => {
        while (sent++ < 50) if (!response.write(HUGE)) return void response.once('drain', more)
        response.end()
      }
      more()
    },
  ],
  'redirects elsewhere': [
    'redirect',
    (response) => response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
  ],
  'redirects in a circle': [
    'redirect',
    (response, _good, { url = '' }) => response.writeHead(302, { location: url }).end(),
  ],
}

test('whatever a service does, it is a failure with a name, and its next good answer is taken', async () => {
  const failures = await Promise.all(
    Object.entries(BAD).map(async ([what, [failure, behaviour]]) => {
      const own = await new Services().start()
      own.behave('blockchain.info', behaviour)
      const source = own.sources()['blockchain.info']!
      const guard = new Guard(source, failure === 'timeout' ? IMPATIENT : LIMITS)
      const error = await guard.read(never).then(
        () => null,
        (found: unknown) => found,
      )
      own.behave('blockchain.info', null)
      const healed = await (failure === 'timeout' ? new Guard(source, LIMITS) : guard).read(never)
      await own.stop()
      assert.ok(error instanceof SourceError, what)
      assert.ok(healed.ticks.length > 5, what)
      assert.doesNotMatch(`${error.message} ${error.cause}`, /http|moment/, what)
      return [what, error.failure, failure]
    }),
  )
  for (const [what, failure, wanted] of failures) assert.equal(failure, wanted, what)
})

test('a service that answers each of several questions just in time is not waited for each time', async () => {
  services.behave('coingecko', (response, good) => void setTimeout(() => json(response, good), 80))
  const began = performance.now()
  const { ticks, trouble } = await new Guard(sources.coingecko!, { ...LIMITS, timeoutMs: 100 }).read(never)
  services.behave('coingecko', null)
  assert.ok(performance.now() - began < 280, `${performance.now() - began} ms`)
  assert.ok(ticks.length > 0)
  assert.equal(trouble?.failure, 'timeout')
})

test('what may pass is tried once more at once, what may not is not', async () => {
  let left = 1
  services.behave('yadio', (response, good) =>
    left-- > 0 ? response.writeHead(503).end() : json(response, good),
  )
  assert.ok((await read(sources.yadio!)).ticks.length > 0)
  assert.equal(services.asked('/yadio'), 2)
  services.behave('yadio', (response) => response.writeHead(404).end())
  await assert.rejects(read(sources.yadio!))
  assert.equal(services.asked('/yadio'), 3)
  services.behave('yadio', null)
})

test('after three failures in a row a source is left alone, and tried with one request after a while', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  services.behave('yadio', (response) => response.writeHead(404).end())
  const guard = new Guard(sources.yadio!, LIMITS)
  for (let i = 0; i < 3; i++) await assert.rejects(guard.read(never), { failure: 'status' })
  assert.equal(guard.breaker, 'open')
  for (let i = 0; i < 5; i++) await assert.rejects(guard.read(never), { failure: 'breaker_open' })
  assert.equal(services.asked('/yadio'), 3)
  t.mock.timers.tick(60_000)
  await assert.rejects(guard.read(never), { failure: 'status' })
  await assert.rejects(guard.read(never), { failure: 'breaker_open' })
  services.behave('yadio', null)
  t.mock.timers.tick(600_000)
  assert.ok((await guard.read(never)).ticks.length > 0)
  assert.equal(guard.breaker, 'closed')
})

test('no source is sent more requests in a minute than it allows', async () => {
  const guard = new Guard(sources['blockchain.info']!, LIMITS)
  const results = await Promise.allSettled(Array.from({ length: 9 }, () => guard.read(never)))
  const refused = results.filter(({ status }) => status === 'rejected')
  assert.equal(refused.length, 3)
  assert.ok(refused.every((one) => one.status === 'rejected' && one.reason.failure === 'own_limit'))
  assert.equal(services.asked('/blockchain.info'), 6)
})

test('who stops does not wait for a source', async () => {
  services.behave('yadio', () => undefined)
  const stop = new AbortController()
  const reading = new Guard(sources.yadio!).read(stop.signal)
  setTimeout(() => stop.abort(), 20)
  const began = performance.now()
  await assert.rejects(reading, { failure: 'stopped' })
  assert.ok(performance.now() - began < 500)
  services.behave('yadio', null)
})
