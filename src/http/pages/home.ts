import { Decimal } from 'decimal.js'
import { html, none } from './html.ts'
import { page } from './layout.ts'

/** What the first page shows; null where the database does not answer. */
export type MarketSummary = {
  offers: number
  makers: number
  liveTrades: number
  /** The coins of the greatest market value, as the board has them. */
  prices: {
    symbol: string
    name: string
    priceUsd: string
    change24h: string | null
    sample: boolean
    stale: boolean
  }[]
  pairs: { pair: string; sells: number; lowest: string | null; buys: number; highest: string | null }[]
}

const up = html`<span class="state done">up</span>`
const down = html`<span class="state problem">does not answer</span>`

/** What runs here, for somebody who opens the address in a browser. */
export function homePage(version: string, market: MarketSummary | null): string {
  return page({
    title: 'Fairlock',
    place: 'home',
    main: html`<div class="home"><h1>A market between people</h1>
<p class="lead">Somebody offers, somebody takes, the coins wait in escrow until the money has arrived.
This is the server; programs talk to it through its API.</p>
<dl class="facts">
<div><dt>Version</dt><dd>${version}</dd></div>
<div><dt>Database</dt><dd>${market === null ? down : up}</dd></div>
${market === null ? none : facts(market)}
</dl>
${market === null ? html`<p>Nothing is lost. Look at the log of the server, then open this page again.</p>` : marketTable(market)}
${market === null ? none : priceTable(market)}
<h2>Where to go on</h2>
<ul class="ways">
<li><a href="/docs">API reference</a> every call with its fields and an example</li>
<li><a href="/docs/errors">Errors</a> every code and what it means</li>
<li><a href="/openapi.json">openapi.json</a> the same for programs</li>
<li><a href="/healthz">healthz</a> and <a href="/readyz">readyz</a> for what watches over this server</li>
</ul></div>`,
  })
}

function facts({ offers, makers, liveTrades }: MarketSummary) {
  const rows = [
    ['Open offers', offers],
    ['Traders offering', makers],
    ['Trades under way', liveTrades],
  ] as const
  return rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${grouped(String(value))}</dd></div>`)
}

function marketTable({ pairs, prices }: MarketSummary) {
  if (pairs.length === 0)
    return html`<h2>The market</h2><p>Nobody has posted an offer yet. <a href="/docs#post-v1-offers">Post the first one</a>.</p>`
  const isSample = prices.some(({ sample }) => sample)
  return html`<h2>The market</h2>
${isSample ? html`<p class="quiet">Floating offers follow sample prices: they are made up.</p>` : none}
<table><thead><tr><th scope="col">Pair</th><th scope="col">Buy from</th><th scope="col">Sell at</th></tr></thead><tbody>
${pairs.map(
  ({ pair, sells, lowest, buys, highest }) =>
    html`<tr><th scope="row">${pair}</th><td>${offerCell(lowest, sells)}</td><td>${offerCell(highest, buys)}</td></tr>`,
)}</tbody></table>`
}

function priceTable({ prices }: MarketSummary) {
  if (prices.length === 0) return none
  const isSample = prices.some(({ sample }) => sample)
  return html`<h2>Prices</h2>
${isSample ? html`<p class="quiet">These are sample prices: they are made up.</p>` : none}
<table><thead><tr><th scope="col">Coin</th><th scope="col">US dollars</th><th scope="col">24 h</th></tr></thead><tbody>
${prices.map(
  ({ symbol, name, priceUsd, change24h, sample, stale }) =>
    html`<tr><th scope="row">${symbol} <span class="quiet">${name}</span></th>
<td>${sample ? quiet('sample') : none} ${stale ? quiet('stale') : none} ${shortPrice(priceUsd)}</td>
<td>${change24h === null ? quiet('not known') : `${change24h} %`}</td></tr>`,
)}</tbody></table>`
}

const quiet = (word: string) => html`<span class="quiet">${word}</span>`

function offerCell(price: string | null, offers: number) {
  if (price === null) return html`<span class="quiet">no offer</span>`
  const count = offers === 1 ? '1 offer' : `${grouped(String(offers))} offers`
  return html`<span class="quiet">${count}</span> ${shortPrice(price)}`
}

/**
 * `61 240.50`: six digits, which tell prices apart and fit a telephone, but always two decimals and every digit before
 * them. Rounded; the API has it exactly.
 */
function shortPrice(price: string): string {
  const exact = new Decimal(price)
  const rounded = exact.lt(1) ? exact.toSignificantDigits(6) : exact.toDecimalPlaces(exact.lt(1000) ? 4 : 2)
  const [whole = '0', decimals = ''] = rounded.toFixed().split('.')
  return `${grouped(whole)}.${decimals.padEnd(2, '0')}`
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, '\u202f')
}
