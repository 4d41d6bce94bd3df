import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { blockchainInfo, currencyApi, yadio } from '../../src/prices/sources/bitcoin-rates.ts'
import { coinbase } from '../../src/prices/sources/coinbase.ts'
import { coingecko } from '../../src/prices/sources/coingecko.ts'
import { kraken } from '../../src/prices/sources/kraken.ts'
import type { Source } from '../../src/prices/sources/source.ts'

/** What a service answers instead of the truth; `good` is what it would have said. */
export type Behaviour = (response: ServerResponse, good: string, request: IncomingMessage) => void

/** Which fixture answers which path; the first that fits. */
const ANSWERS: [RegExp, string][] = [
  [/^\/kraken\/0\/public\/Ticker/, 'kraken-ticker'],
  [/^\/coinbase\/v2\/exchange-rates/, 'coinbase-exchange-rates'],
  [/^\/coingecko\/simple\/price/, 'coingecko-simple-price'],
  [/^\/coingecko\/coins\/markets/, 'coingecko-markets'],
  [/^\/coingecko\/global/, 'coingecko-global'],
  [/^\/coingecko\/coins\//, 'coingecko-coin'],
  [/^\/blockchain\.info\/ticker/, 'blockchain-info-ticker'],
  [/^\/currency-api(?:-2)?\/currencies\/btc\.json/, 'currency-api-btc'],
  [/^\/yadio\/exrates\/BTC/, 'yadio-btc'],
]

/** Price services on this machine that answer in the shapes of the real ones, as of now, and misbehave when asked to. */
export class Services {
  readonly requests: { path: string; headers: IncomingMessage['headers'] }[] = []
  readonly #bad = new Map<string, Behaviour>()
  readonly #server = createServer((request, response) => this.#answer(request, response))
  url = ''

  async start(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done))
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  /** From now on whatever is asked below `/name` is answered so; null: well again. */
  behave(name: string, how: Behaviour | null): void {
    if (how === null) this.#bad.delete(name)
    else this.#bad.set(name, how)
  }

  sources(key: string | null = null): Record<string, Source> {
    const at = (name: string) => `${this.url}/${name}`
    return {
      kraken: kraken(at('kraken')),
      coinbase: coinbase(at('coinbase')),
      coingecko: coingecko(key, at('coingecko')),
      'blockchain.info': blockchainInfo(at('blockchain.info')),
      'currency-api': currencyApi([at('currency-api'), at('currency-api-2')]),
      yadio: yadio(at('yadio')),
    }
  }

  asked(prefix: string): number {
    return this.requests.filter(({ path }) => path.startsWith(prefix)).length
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? ''
    this.requests.push({ path, headers: request.headers })
    const file = ANSWERS.find(([pattern]) => pattern.test(path))?.[1]
    if (file === undefined) return void response.writeHead(404).end()
    const bad = this.#bad.get(path.split('/')[1]!)
    response.setHeader('date', new Date().toUTCString())
    if (bad === undefined) json(response, goodAnswer(file))
    else bad(response, goodAnswer(file), request)
  }
}

export function json(response: ServerResponse, body: string): void {
  response.setHeader('content-type', 'application/json; charset=utf-8')
  response.end(body)
}

const texts = new Map<string, string>()

/** A fixture with its moment moved to now: seconds, milliseconds, and yesterday's date. */
function goodAnswer(file: string): string {
  const known = texts.get(file)
  const text = known ?? readFileSync(new URL(`fixtures/${file}.json`, import.meta.url), 'utf8')
  if (known === undefined) texts.set(file, text)
  const now = Date.now()
  return text
    .replaceAll('1795400000123', String(now))
    .replaceAll('1795400000', String(Math.floor(now / 1000)))
    .replaceAll('2026-11-23T04:13:20.123Z', new Date(now).toISOString())
    .replaceAll('"2026-11-22"', `"${new Date(now - 86_400_000).toISOString().slice(0, 10)}"`)
}

/** Numbers of an answer, quoted or not, made something else; times and small numbers of sizes stay. */
export function withNumbers(good: string, change: (number: string) => string): string {
  return good.replaceAll(/(?<=[:"[])(\d+\.\d+(?:[eE]-?\d+)?)(?=[",}\]])/g, change)
}
