import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'lossless-json'
import { makeQuotes } from '../../src/prices/market-quotes.ts'
import { blockchainInfo, currencyApi, yadio } from '../../src/prices/sources/bitcoin-rates.ts'
import { coingecko } from '../../src/prices/sources/coingecko.ts'
import { type Get, type Source, SourceError } from '../../src/prices/sources/source.ts'

/** Answers that were recorded from the services themselves. They are not part of the project. */
const RECORDINGS = new URL('../../../shared/data/prices/', import.meta.url)
const RECORDED: [string, Source][] = [
  ['blockchain_ticker.json', blockchainInfo()],
  ['coingecko_simple_price.json', coingecko(null)],
  ['currency_api_btc.json', currencyApi()],
  ['yadio_btc.json', yadio()],
]

/** What a source makes of a recording; whatever else it asks for is not there. */
function read(file: string, source: Source) {
  const body = parse(readFileSync(new URL(file, RECORDINGS), 'utf8'))
  const get: Get = async (url) => {
    if (/coins|global/.test(url)) throw new SourceError('status')
    return { body, at: new Date('2026-06-11T12:00:00Z') }
  }
  return source.read(get)
}

if (existsSync(RECORDINGS)) {
  test('the recorded answers of real services are read, to the last digit', async () => {
    const readings = await Promise.all(RECORDED.map(([file, source]) => read(file, source)))
    const said = readings.map(
      ({ ticks }) => new Map(ticks.map((tick) => [`${tick.base}/${tick.quote}`, tick])),
    )
    const [blockchain, gecko, api, yad] = said.map((ticks) => (pair: string) => ticks.get(pair)?.price)
    assert.equal(blockchain!('BTC/ARS'), '90831988.11')
    assert.equal(gecko!('BTC/IDR'), '1137904565')
    assert.equal(api!('BTC/VND'), '1645601083.4610512')
    assert.equal(yad!('BTC/EUR'), '65393.99')
    assert.deepEqual(
      readings.map(({ dropped }) => dropped),
      [{}, {}, {}, { null: 1 }],
    )
    const quotes = makeQuotes({
      sources: said.map((ticks, i) => ({ source: RECORDED[i]![1].name, isSample: false, ticks })),
      coins: ['BTC'],
      fiats: ['USD', 'EUR', 'ARS', 'VND', 'GHS'],
      rules: { maxAgeSeconds: 300, leastSources: 2, mostSpreadPercent: 5, referenceHours: 72 },
      now: new Date('2026-06-11T12:01:00Z'),
    })
    const of = (pair: string) => quotes.find((quote) => quote.pair === pair)!
    assert.equal(of('BTC/USD').price, '63410.09')
    assert.equal(of('EUR/USD').price.slice(0, 5), '1.156')
    // A file of the day is too old for the price of a coin, and young enough for a rate.
    assert.deepEqual(
      of('BTC/EUR').sources.map(({ source }) => source),
      ['blockchain.info', 'coingecko'],
    )
    assert.deepEqual(
      of('GHS/USD').sources.map(({ source }) => source),
      ['blockchain.info', 'currency-api'],
    )
  })
} else
  process.stdout.write('The recorded answers of price services are not here: nothing to read them for.\n')
