import { Command, Option } from 'commander'
import { asEngine } from '../platform/index.ts'
import { withDatabase } from './connect.ts'
import { Finding, UsageError } from './finding.ts'
import { print, printTable } from './output.ts'

const SEVERITIES = ['info', 'warning', 'incident']

type Announcement = { text: string; severity: string; until?: string; audience: string; json: boolean }

/** `fairlock announce`: tells everybody, or all staff, something. */
export function announceCommand(): Command {
  return new Command('announce')
    .description('tell everybody, or all staff, something')
    .argument('<title>', 'up to 120 characters')
    .requiredOption('--text <text>', 'what there is to say')
    .addOption(
      new Option('--severity <how>', 'an incident is mailed as well').choices(SEVERITIES).default('info'),
    )
    .addOption(new Option('--audience <who>').choices(['everyone', 'staff']).default('everyone'))
    .option('--until <time>', 'it is over by itself then: RFC 3339')
    .option('--json', 'as JSON', false)
    .action(announce)
}

async function announce(title: string, { json, ...said }: Announcement): Promise<void> {
  if (title.trim() === '' || title.length > 120) throw new UsageError('the title takes 1 to 120 characters')
  if (said.text.trim() === '' || said.text.length > 4000)
    throw new UsageError('--text takes 1 to 4000 characters')
  if (said.until !== undefined && Number.isNaN(Date.parse(said.until)))
    throw new UsageError('--until takes a time like 2026-12-24T18:00:00Z')
  await withDatabase(async ({ ownerUrl }) => {
    const answer = await asEngine(ownerUrl, async (client) => {
      const { rows } = await client.query('select fairlock.announce($1) as answer', [
        JSON.stringify({ title, ...said }),
      ])
      return rows[0].answer
    })
    if (answer.refusal) throw new UsageError('--until takes a time in the future')
    print(json ? JSON.stringify(answer, null, 2) : `Announced ${answer.id}.`)
  })
}

/** `fairlock news`: what could not be told, and telling it after all. */
export function newsCommand(): Command {
  return new Command('news')
    .description('news that could not be told, with the error; --retry puts them back')
    .option('--retry', 'tell them after all', false)
    .option('--json', 'as JSON', false)
    .action(news)
}

async function news({ retry, json }: { retry: boolean; json: boolean }): Promise<void> {
  await withDatabase(async ({ ownerUrl }) => {
    const { state, aside, taken } = await asEngine(ownerUrl, async (client) => {
      const { rows } = await client.query(
        'select id, kind, trade_id as trade, created_at as at, error from fairlock.news_set_aside order by id limit 1000',
      )
      const again = retry ? await client.query('select fairlock.take_up_news(null) as count') : null
      const { rows: states } = await client.query('select fairlock.news_state() as state')
      return { state: states[0].state, aside: rows, taken: again?.rows[0].count ?? 0 }
    })
    if (json) print(JSON.stringify({ ...state, news: aside, taken }, null, 2))
    else {
      const since = Math.round(state.oldestSeconds)
      print(`${state.waiting} wait to be told, the oldest for ${since} s. ${aside.length} could not be told.`)
      if (aside.length > 0)
        printTable([
          ['id', 'kind', 'trade', 'error'],
          ...aside.map((one) => [one.id, one.kind, one.trade ?? '', one.error]),
        ])
      if (retry) print(`${taken} are back in the queue.`)
    }
    if (aside.length > 0 && !retry) throw new Finding('Mend the cause, then: fairlock news --retry')
  })
}
