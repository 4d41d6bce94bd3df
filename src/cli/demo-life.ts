import { Decimal } from 'decimal.js'
import type { JsonObject } from '../platform/index.ts'
import { ACCOUNTS, accountOf, CHATS } from './demo-words.ts'

/** Asks the API without a network; Fastify's `inject` is one. */
export type Ask = (request: {
  method: 'GET' | 'POST'
  url: string
  headers: Record<string, string>
  payload?: string | Buffer
}) => Promise<{ statusCode: number; body: string }>

type Sale = { id: string; seller: string; buyer: string }
type Taking = {
  maker: string
  side: 'sell' | 'buy'
  pair: string
  taker: string
  type: string
  parts: number
}

/**
 * What the people of the demo do through the API itself, because it is sealed on its way in: accounts, chats, disputes
 * with evidence. Every request has a key of its own, so that a run which was broken off goes on where it was.
 */
export class DemoLife {
  readonly #ask: Ask
  readonly #tokens: Map<string, string>
  #step = 0

  /** `tokens` are of sessions of the people, by name. */
  constructor(ask: Ask, tokens: Map<string, string>) {
    this.#ask = ask
    this.#tokens = tokens
  }

  /** Accounts, one trade in each state that is not completed, two disputes. `lapse` lets a trade's time be over. */
  async live(lapse: (trade: string) => Promise<void>): Promise<void> {
    await this.#open()
    const [ofYuki, ofMarta] = [sellsBitcoin('yuki.t', 'sepa_instant'), sellsBitcoin('marta', 'sepa')]
    await this.#talk(await this.#take({ ...ofYuki, taker: 'dan', parts: 40 }))
    await this.#talk(await this.#paid({ ...ofMarta, taker: 'noor', parts: 50 }))
    const wrong = await this.#take({ ...ofMarta, pair: 'ETH/EUR', taker: 'dan', parts: 4 })
    await this.#post(wrong.buyer, `/v1/trades/${wrong.id}/cancellation`, {
      reason: 'I took the wrong offer.',
    })
    // A newcomer without coins sells: this one waits to be funded.
    const type = 'sepa_instant'
    await this.#take({ maker: 'finn', side: 'buy', pair: 'XMR/EUR', taker: 'rui', type, parts: 2 })
    const late = await this.#take({
      ...sellsBitcoin('bruno', type),
      pair: 'ETH/EUR',
      taker: 'kwame',
      parts: 5,
    })
    await lapse(late.id)
    await this.#openDispute()
    await this.#ruledDispute()
  }

  async #open(): Promise<void> {
    let n = 0
    for (const [name, holder, ...types] of ACCOUNTS)
      for (const type of types) await this.#post(name, '/v1/payment-methods', accountOf(n++, holder, type))
  }

  /** Bruno says that he has paid Elif, and shows a picture of it; Ines has asked him something. */
  async #openDispute(): Promise<void> {
    const pair = 'USDT/EUR'
    const sale = await this.#paid({ ...sellsBitcoin('elif', 'sepa'), pair, taker: 'bruno', parts: 6 })
    await this.#talk(sale)
    const dispute = await this.#dispute(sale, 'seller', {
      reason: 'payment_not_received',
      description: 'Nothing arrived since yesterday, and my bank says that nothing is on its way.',
    })
    const statement = 'I paid at once. Here is the confirmation of my bank.'
    await this.#post(sale.buyer, `${dispute}/answer`, { statement })
    await this.#show(sale.buyer, dispute, 'The confirmation, with date and amount')
    await this.#post('ines', `${dispute}/notes`, { text: 'The picture has no reference number.' })
    const text = 'Which reference number did your bank give to the payment?'
    await this.#post('ines', `${dispute}/questions`, { to: 'buyer', text })
  }

  /** Pavel went silent; Ines gave the coins to Greta, who had paid. */
  async #ruledDispute(): Promise<void> {
    const pair = 'XMR/EUR'
    const sale = await this.#paid({ ...sellsBitcoin('pavel_s', 'sepa'), pair, taker: 'greta', parts: 8 })
    await this.#talk(sale)
    const dispute = await this.#dispute(sale, 'buyer', {
      reason: 'payment_not_released',
      description: 'The money is on his account. He has read what I wrote and does not answer.',
    })
    await this.#show(sale.buyer, dispute, 'My statement of account')
    await this.#post('ines', `${dispute}/ruling`, {
      outcome: 'release',
      faultOf: 'seller',
      reason: 'The statement shows the payment with the reference of the trade, and the seller says nothing.',
    })
    const feedback = 'Silent until the arbitrator came'
    await this.#post(sale.buyer, `/v1/trades/${sale.id}/rating`, { rating: '1.5', feedback })
  }

  async #take({ maker, side, pair, taker, type, parts }: Taking): Promise<Sale> {
    const market = await this.#send(taker, 'GET', `/v1/offers?pair=${pair}&side=${side}&limit=100`)
    const offers = market.items as { id: string; minAmount: string; maker: { displayName: string } }[]
    const offer = offers.find((one) => one.maker.displayName === maker)
    if (offer === undefined) throw new Error(`the demo misses an offer: ${maker} ${side} ${pair}`)
    const amount = new Decimal(offer.minAmount).mul(parts).toFixed()
    const { id } = await this.#post(taker, `/v1/offers/${offer.id}/trades`, {
      amount,
      paymentMethodType: type,
    })
    const [seller, buyer] = side === 'sell' ? [maker, taker] : [taker, maker]
    return { id: String(id), seller, buyer }
  }

  async #paid(taking: Taking): Promise<Sale> {
    const sale = await this.#take(taking)
    await this.#post(sale.buyer, `/v1/trades/${sale.id}/payment`)
    return sale
  }

  async #talk(sale: Sale): Promise<void> {
    for (const [side, text] of CHATS[sale.seller]!)
      await this.#post(sale[side], `/v1/trades/${sale.id}/messages`, { text })
  }

  /** Opens a dispute; gives its address. */
  async #dispute(sale: Sale, side: 'seller' | 'buyer', why: JsonObject): Promise<string> {
    const { id } = await this.#post(sale[side], `/v1/trades/${sale.id}/dispute`, why)
    return `/v1/disputes/${id}`
  }

  /** A picture as evidence: uploaded, then put before the others. */
  async #show(who: string, dispute: string, note: string): Promise<void> {
    const boundary = 'a-picture-of-the-demo'
    const field = (about: string) => `--${boundary}\r\ncontent-disposition: form-data; name=${about}\r\n\r\n`
    const payload = Buffer.concat([
      Buffer.from(`${field('"purpose"')}evidence\r\n`),
      Buffer.from(field('"file"; filename="confirmation.png"\r\ncontent-type: image/png')),
      await drawConfirmation(),
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ])
    const type = `multipart/form-data; boundary=${boundary}`
    const file = await this.#send(who, 'POST', '/v1/files', payload, type)
    await this.#post(who, `${dispute}/evidence`, { fileId: file.id as string, note })
  }

  #post(who: string, url: string, body: JsonObject = {}): Promise<JsonObject> {
    return this.#send(who, 'POST', url, JSON.stringify(body))
  }

  async #send(
    who: string,
    method: 'GET' | 'POST',
    url: string,
    payload?: string | Buffer,
    type = 'application/json',
  ): Promise<JsonObject> {
    const headers = { authorization: `Bearer ${this.#tokens.get(who)}` }
    const request = { method, url, headers }
    const key = `the demo, request ${++this.#step}`
    const { statusCode, body } = await this.#ask(
      payload === undefined
        ? request
        : { ...request, payload, headers: { ...headers, 'content-type': type, 'idempotency-key': key } },
    )
    if (statusCode >= 300) throw new Error(`the demo was refused: ${who} ${method} ${url}: ${body}`)
    return JSON.parse(body)
  }
}

const sellsBitcoin = (maker: string, type: string) =>
  ({ maker, side: 'sell', pair: 'BTC/EUR', type }) satisfies Partial<Taking>

/** What a bank's confirmation looks like from a distance. Lines and no letters: not every machine has fonts. */
async function drawConfirmation(): Promise<Buffer> {
  const lines = [420, 360, 390, 240, 400, 310].map(
    (width, i) => `<rect x="60" y="${190 + i * 52}" width="${width}" height="18" rx="6" fill="#9aa7b4"/>`,
  )
  const page = `<svg xmlns="http://www.w3.org/2000/svg" width="600" height="600">
    <rect width="600" height="600" fill="#ffffff"/><rect width="600" height="110" fill="#28527a"/>
    <rect x="60" y="40" width="230" height="30" rx="8" fill="#ffffff"/>${lines.join('')}
    <circle cx="490" cy="510" r="52" fill="#3a8f5c"/>
    <path d="M465 510 l18 20 l34 -42" stroke="#ffffff" stroke-width="12" fill="none"/></svg>`
  const { default: sharp } = await import('sharp')
  return sharp(Buffer.from(page)).png().toBuffer()
}
