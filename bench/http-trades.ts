import { randomUUID } from 'node:crypto'
import { startApi } from './api-server.ts'
import type { Context, Subject } from './bench.ts'
import { marketDatabase } from './databases.ts'
import { type HttpConnection, runHttpLoad, type Timed, tokenOf } from './http-load.ts'
import { median } from './statistics.ts'

const CLIENTS = 16
/** Signs in, asks one index for nothing, answers an empty list: the emptiest request there is. */
const EMPTY_REQUEST = '/v1/me/offers?limit=1'

export const tradesFigure = `whole trades over HTTP, ${CLIENTS} clients`
export const requestFigure = `one request of a trade, ${CLIENTS} clients, median`
export const emptyFigure = `empty request, ${CLIENTS} clients, median`

type Person = { n: number; offer: string; token: string }

/** Take, payment and release over HTTP, and the empty request that one of them is compared with. */
export async function httpSubjects(context: Context): Promise<Subject[]> {
  const { server, scale } = context
  await server.copy(await marketDatabase(context), 'http')
  const people = await readPeople(context)
  const nobody = people.pop()!
  await server.sql('http', 'delete from fairlock.offer_listings where offer_id = $1', [nobody.offer])
  await server.sql('http', 'delete from fairlock.offers where id = $1', [nobody.offer])
  context.progress('the API server')
  const port = await startApi(context, 'http')
  const reset = async () => {
    await server.sql('http', 'vacuum')
    await server.sql('http', 'checkpoint')
  }
  return [
    {
      figures: { [tradesFigure]: 'per second', [requestFigure]: 'ms' },
      reset,
      async run() {
        const { perSecond, latencies } = await runHttpLoad(port, CLIENTS, scale, (connection, timed) =>
          wholeTrade(connection, timed, people),
        )
        return { [tradesFigure]: perSecond, [requestFigure]: median(latencies) }
      },
    },
    {
      figures: { [emptyFigure]: 'ms' },
      reset,
      async run() {
        const { latencies } = await runHttpLoad(port, CLIENTS, scale, async (connection, timed) => {
          await timed(200, connection.get(EMPTY_REQUEST, nobody.token))
        })
        return { [emptyFigure]: median(latencies) }
      },
    },
  ]
}

async function wholeTrade(connection: HttpConnection, timed: Timed, people: Person[]): Promise<void> {
  const seller = Math.floor(Math.random() * people.length)
  const other = (seller + 1 + Math.floor(Math.random() * (people.length - 1))) % people.length
  const [maker, taker] = [people[seller]!, people[other]!]
  const body = '{"amount":"0.001","paymentMethodType":"sepa"}'
  const post = (path: string, token: string, sent: string) => connection.post(path, token, randomUUID(), sent)
  const taken = await timed(201, post(`/v1/offers/${maker.offer}/trades`, taker.token, body))
  const id = /"id":"([0-9a-f-]{36})","offerId"/.exec(taken)?.[1] ?? (JSON.parse(taken).id as string)
  await timed(200, post(`/v1/trades/${id}/payment`, taker.token, '{}'))
  await timed(200, post(`/v1/trades/${id}/release`, maker.token, '{}'))
}

async function readPeople({ server }: Context): Promise<Person[]> {
  const rows = await server.sql<{ n: string; offer: string; session: string }>(
    'http',
    `select n, bench.id('offer', n) as offer, bench.id('session', n) as session from bench.people order by n`,
  )
  return rows.map(({ n, offer, session }) => ({ n: Number(n), offer, token: tokenOf(Number(n), session) }))
}
