import { type Found, literal, look, type Moment, together } from './moment.ts'
import { whereIs } from './orphans.ts'

/** New tables that hold nothing from before the take-over but what was carried. */
const TARGETS = [
  { table: 'users', target: 'users' },
  { table: 'crypto_profiles', target: 'crypto_profiles' },
  { table: 'crypto_wallets', target: 'crypto_wallets' },
  { table: 'crypto_transactions', target: 'crypto_transactions' },
  { table: 'crypto_trades', target: 'crypto_trades' },
]

/**
 * Rows of the new tables that are older than the take-over, though no old row stands behind them: somebody put them
 * there. What Fairlock itself made since is younger.
 */
export async function findExtra(moment: Moment): Promise<Found> {
  const found: Found[] = []
  for (const { table, target } of TARGETS) {
    found.push(
      await look(
        moment,
        {
          check: 'count',
          table,
          todo: 'Find out who inserted it past Fairlock (fairlock audit search) and remove it.',
        },
        `select n.id::text as key,
           format('is in the new table since before the take-over, and no old row was carried to it') as what
         from ${whereIs(target, moment.market)} n
         where n.created_at < (select recorded_at from fairlock_adoption.state)
           and n.id not in (select c.target_id from fairlock_adoption.carried c
             where c.table_name = ${literal(table)} and c.target = ${literal(target)})`,
      ),
    )
  }
  return together(found)
}
