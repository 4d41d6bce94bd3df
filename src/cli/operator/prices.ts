import { Command } from 'commander'
import { asEngine } from '../../platform/index.ts'
import { type PairState, pairStates, priceListOf, readFeedState, sourcesOf } from '../../prices/index.ts'
import { withDatabase } from '../connect.ts'
import { Finding } from '../finding.ts'
import { print, printTable } from '../output.ts'

/** A source that nobody has asked for so long past its time: no worker runs. */
const IDLE_MS = 120_000

type SourceLine = {
  source: string
  readAt: string | null
  failingSince: string | null
  breaker: string
  trouble: string | null
}

/** `fairlock prices`: how the sources do, the newest quotes, and which pairs nothing can be priced in. */
export function pricesCommand(): Command {
  return new Command('prices')
    .description('price sources and quotes: what is new, what is missing and why')
    .addHelpText(
      'after',
      '\nExit code 1 where a source fails, where none is asked, or where a pair has no quote that prices can be made of.',
    )
    .option('--all', 'every quote, not the newest of each coin and the missing ones alone', false)
    .option('--json', 'as JSON', false)
    .action(prices)
}

async function prices({ all, json }: { all: boolean; json: boolean }): Promise<void> {
  await withDatabase(async ({ ownerUrl }, config) => {
    const list = priceListOf(config)
    const [state, pairs] = await asEngine(ownerUrl, async (client) => [
      await readFeedState(client),
      await pairStates(client),
    ])
    const sources = sourcesOf(list, { coingeckoKey: null }).map(({ name }): SourceLine => {
      const known = state.sources.find(({ source }) => source === name)
      if (known === undefined)
        return { source: name, readAt: null, failingSince: null, breaker: 'closed', trouble: 'not asked yet' }
      const isIdle = Date.now() - Date.parse(known.nextAt) > IDLE_MS
      const { readAt, failingSince, breaker, failure } = known
      return { source: name, readAt, failingSince, breaker, trouble: isIdle ? 'not asked any more' : failure }
    })
    const missing = pairs.filter(({ reason }) => reason !== null)
    if (json) print(JSON.stringify({ prices: list, sources, pairs, missing: missing.length }, null, 2))
    else if (list === 'none') print('No prices are fetched: FAIRLOCK_PRICES is none.')
    else printState(sources, pairs, all)
    if (list === 'none') return
    const failing = sources.filter(({ trouble }) => trouble !== null)
    if (failing.length === 0 && missing.length === 0) return
    throw new Finding(
      `${failing.length} of ${sources.length} sources fail, ${missing.length} of ${pairs.length} pairs have no good quote. ` +
        'docs/operating/prices.md says what to do.',
    )
  })
}

function printState(sources: SourceLine[], pairs: PairState[], all: boolean): void {
  printTable([
    ['source', 'last read', 'state'],
    ...sources.map(({ source, readAt, failingSince, trouble }) => [
      source,
      readAt === null ? 'never' : ageOf(readAt),
      trouble === null ? 'ok' : `${trouble}${failingSince === null ? '' : `, for ${ageOf(failingSince)}`}`,
    ]),
  ])
  const shown = pairs.filter(({ pair, reason }) => all || (reason === null && pair.endsWith('/USD')))
  print('')
  printTable([
    ['pair', 'price', 'via', 'age', 'spread', 'sources'],
    ...shown.map((one) => [
      one.pair,
      one.price ?? '',
      one.via ?? '',
      one.ageSeconds === null ? '' : `${one.ageSeconds} s`,
      one.spreadPercent === null ? '' : `${one.spreadPercent} %`,
      `${one.sources.join(', ')}${one.isSample ? ' (sample prices)' : ''}${one.reason === null ? '' : `: ${one.reason}`}`,
    ]),
  ])
  const reasons = Map.groupBy(
    pairs.filter(({ reason }) => reason !== null),
    ({ reason }) => reason,
  )
  for (const [reason, without] of reasons)
    print(`\nWithout a good quote, ${reason}: ${without.map(({ pair }) => pair).join(', ')}`)
}

function ageOf(at: string): string {
  return `${Math.max(0, Math.round((Date.now() - Date.parse(at)) / 1000))} s`
}
