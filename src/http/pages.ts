import { createRequire } from 'node:module'
import { sql } from 'kysely'
import { type App, type Database, Problem, query } from '../platform/index.ts'
import { ACCOUNT_HEADERS, accountPage } from './pages/account.ts'
import { errorsPage } from './pages/errors.ts'
import { homePage, type MarketSummary } from './pages/home.ts'
import { ASSETS, PAGE_HEADERS } from './pages/layout.ts'
import { type ApiDescription, referencePage } from './pages/reference.ts'

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

/** The first page counts the market; once in this time is enough, however many people look. */
const MARKET_IS_FRESH_MS = 10_000
const hidden = { config: { access: 'public' }, schema: { hide: true } } as const

/** What a person sees in a browser, and /openapi.json, the description that programs read. */
export function pageRoutes(app: App, { db }: { db: Database }): void {
  app.get('/openapi.json', hidden, async () => app.swagger())
  let reference: string | undefined
  app.get('/docs', hidden, async (_request, reply) => {
    reference ??= referencePage(app.swagger() as ApiDescription)
    return reply.headers(PAGE_HEADERS).send(reference)
  })
  const errors = errorsPage()
  app.get('/docs/errors', hidden, async (_request, reply) => reply.headers(PAGE_HEADERS).send(errors))
  const account = accountPage()
  app.get('/account', hidden, async (_request, reply) => reply.headers(ACCOUNT_HEADERS).send(account))
  const market = remembered(MARKET_IS_FRESH_MS, () => summarize(db))
  app.get('/', hidden, async (_request, reply) => {
    const summary = await market()
    return reply
      .code(summary === null ? 503 : 200)
      .headers(PAGE_HEADERS)
      .send(homePage(version, summary))
  })
  for (const { url, type, body } of ASSETS) {
    app.get(url, hidden, async (_request, reply) =>
      reply.type(type).header('cache-control', 'public, max-age=31536000, immutable').send(body),
    )
  }
}

/** What everybody may see of the market, or null while the database does not answer. */
async function summarize(db: Database): Promise<MarketSummary | null> {
  const nobody = { sessionId: null, tokenHash: null, requestId: 'first page' }
  try {
    const rows = await db.read(
      nobody,
      sql<{ summary: MarketSummary }>`
        with open as materialized (
          select o.pair, side, fairlock.price_at(o, q.price) as price, maker_id from fairlock.offers o
          left join fairlock.market_quotes q on q.pair = o.pair and fairlock.is_good(q)
          where listed and (o.pricing = 'fixed' or q.pair is not null) and (expires_at is null or expires_at > now())
        ), pairs as (
          select pair, count(*) filter (where side = 'sell') as sells, min(price) filter (where side = 'sell')::text as lowest,
            count(*) filter (where side = 'buy') as buys, max(price) filter (where side = 'buy')::text as highest
          from open group by pair order by count(*) desc, pair limit 30
        )
        select jsonb_build_object('offers', (select count(*) from open),
          'makers', (select count(distinct maker_id) from open),
          'liveTrades', (select sum(value::integer) from jsonb_each_text(fairlock.count_live_trades()) where key <> 'overdue'),
          'prices', (
            select coalesce(jsonb_agg(jsonb_build_object('symbol', b.currency, 'name', c.name,
                'priceUsd', trim_scale(b.price_usd)::text, 'change24h', round(b.change_24h, 2)::text, 'sample', b.is_sample,
                'stale', b.at <= now() - make_interval(secs => s.quote_max_age_seconds))
              order by b.market_cap_rank, b.currency), '[]')
            from fairlock.price_board b join fairlock.currencies c on c.code = b.currency, fairlock.settings s),
          'pairs', coalesce((select jsonb_agg(pairs) from pairs), '[]')) as summary`.compile(query),
    )
    return rows[0]?.summary ?? null
  } catch (error) {
    if (error instanceof Problem && error.code === 'unavailable') return null
    throw error
  }
}

/** Asks again only when the last answer is older than `ms`; those who come meanwhile wait for the same answer. */
function remembered<T>(ms: number, ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined
  let askedAt = Number.NEGATIVE_INFINITY
  return () => {
    if (answer === undefined || performance.now() - askedAt > ms) {
      askedAt = performance.now()
      answer = ask()
      answer.catch(() => {
        answer = undefined
      })
    }
    return answer
  }
}
