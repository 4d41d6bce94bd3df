import fc from 'fast-check'
import { newActors } from '../support/actors.ts'
import { assertCleanBooks } from '../support/books.ts'
import { startMarket } from '../support/market.ts'
import { ENDLESS_PATIENCE } from '../support/patience.ts'
import { withClient } from '../support/server.ts'
import { COMMANDS_PER_STORY, type Command, story } from './commands.ts'
import { LARGE_AMOUNTS } from './disputes.ts'
import { LIVE_TRADES, OPEN_OFFERS } from './model.ts'
import { playStory } from './play.ts'

/** Stories played at the same time, each with its own people in one market. */
const LANES = 4
/** Enough that somebody is left for the second opinion and the appeal. */
const ARBITRATORS = 4

/**
 * After the first round as many rounds of a quarter of its stories are played as are missing, up to four times as many
 * stories in all. The rarest early answer comes 4.5 times in 5,000 commands, so the first round misses one of them in
 * some 2 runs of 100, and all of them in some 2 of ten million.
 */
const ROUNDS = 13
const LATER_ROUND = 1 / 4

/** `met` counts the ways in which a command was answered, `missed` are those that were to be met and were not. */
export type Simulated = { played: number; seed: number; seconds: number; met: number; missed: string[] }

/** What many commands meet; less would show that the stories have gone stale. */
export const ANSWERS = Object.entries({
  adjust_balance: 'done admin_only unknown_currency insufficient_funds idempotency_key_reused',
  create_offer: 'done banned unknown_pair invalid_amounts too_many_offers',
  change_offer: 'done not_found offer_closed invalid_amounts',
  take_offer:
    'done banned own_offer offer_not_open offer_changed payment_method_not_offered amount_outside_offer ' +
    'not_enough_left requirements_not_met too_many_live_trades',
  fund_trade: 'done not_found move_not_allowed insufficient_funds deadline_passed',
  pay_trade: 'done not_found move_not_allowed deadline_passed',
  release_trade: 'done not_found move_not_allowed',
  cancel_trade: 'done not_found move_not_allowed',
  expire_trade: 'done move_not_allowed deadline_not_reached',
  open_dispute: 'done not_found move_not_allowed disputed_already',
  open_overdue_dispute: 'done move_not_allowed deadline_not_reached disputed_already',
  rule_dispute: 'done not_found arbitrator_only dispute_over',
  consent_dispute: 'done',
  appeal_dispute: 'done',
  settle_due_ruling: 'done',
  ban: 'done admin_only',
}).flatMap(([operation, codes]) => codes.split(' ').map((code) => `${operation}: ${code}`))

/** Of these, what is rare or comes late in a dispute: only ten thousands of commands meet it. */
const LATE = [
  'consent_dispute: done',
  'appeal_dispute: done',
  'settle_due_ruling: done',
  'rule_dispute: not_found',
  'rule_dispute: arbitrator_only',
  'rule_dispute: dispute_over',
  'open_overdue_dispute: deadline_not_reached',
]
/** What a few thousand commands meet. */
export const EARLY_ANSWERS = ANSWERS.filter((answer) => !LATE.includes(answer))

/**
 * Plays stories of random commands until so many were given, each compared with the model, and goes on for at most
 * four times as many while something of `toMeet` was not met; then the books must be clean. MODEL_SEED repeats a run; with MODEL_PATH, which a failure names too, the story that failed is made as short
 * as it will go.
 */
export async function simulate(commands: number, toMeet: readonly string[] = []): Promise<Simulated> {
  const seed = Number(process.env.MODEL_SEED ?? Math.floor(Math.random() * 2 ** 31))
  const path = process.env.MODEL_PATH
  const began = performance.now()
  const market = await startMarket({ connections: LANES * 2 })
  let played = 0
  const answers = new Map<string, number>()
  const missed = () => (path === undefined ? toMeet.filter((answer) => !answers.has(answer)) : [])
  try {
    await withClient(market.database.superuserUrl, (client) => client.query(ENDLESS_PATIENCE))
    await withClient(market.database.superuserUrl, (client) =>
      client.query(
        `update fairlock.settings set open_offers_per_user = $1, live_trades_per_user = $2, second_arbitrator_amounts = $3`,
        [OPEN_OFFERS, LIVE_TRADES, LARGE_AMOUNTS],
      ),
    )
    const arbitrators = await newActors(market, ARBITRATORS)
    await withClient(market.database.superuserUrl, (client) =>
      client.query(
        `insert into fairlock.staff_roles (user_id, role) select id, 'arbitrator' from unnest($1::uuid[]) id`,
        [arbitrators.map(({ id }) => id)],
      ),
    )
    const lane = (laneSeed: number, share: number) =>
      withClient(market.database.superuserUrl, async (client) => {
        const property = fc.asyncProperty(story, async (commands) => {
          const count = await playStory(market, client, arbitrators, commands, answers)
          played += count
        })
        const numRuns = Math.ceil((share * commands) / LANES / COMMANDS_PER_STORY)
        await fc.assert(property, {
          seed: laneSeed,
          numRuns,
          ...(path === undefined ? { endOnFailure: true } : { path }),
          reporter: (details) => {
            if (details.failed) throw new Error(explain(details))
          },
        })
      })
    if (path !== undefined) await lane(seed, 1)
    else
      for (let round = 0; round < ROUNDS && (played < commands || missed().length > 0); round++) {
        const seeds = Array.from({ length: LANES }, (_, index) => seed + round * LANES + index)
        await Promise.all(seeds.map((one) => lane(one, round === 0 ? 1 : LATER_ROUND)))
      }
    await assertCleanBooks(market.database.ownerUrl)
  } finally {
    await market.stop()
  }
  const seconds = Math.round((performance.now() - began) / 1000)
  return { played, seed, seconds, met: answers.size, missed: missed() }
}

function explain(details: fc.RunDetails<[Command[]]>): string {
  const { seed, counterexamplePath, counterexample, errorInstance } = details
  const commands = counterexample?.[0].map((command) => `  ${JSON.stringify(command)}`) ?? []
  const why = errorInstance instanceof Error ? errorInstance.stack : String(errorInstance)
  return [
    'the market and the model disagree after these commands:',
    ...commands,
    why,
    `Shorten it: MODEL_SEED=${seed} MODEL_PATH=${counterexamplePath}`,
  ].join('\n')
}
