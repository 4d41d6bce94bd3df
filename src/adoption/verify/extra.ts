import { type Found, literal, look, type Moment, together } from './moment.ts'
import { whereIs } from './orphans.ts'

/**
 * New tables, and which of their rows say nothing that an old row did not: people who have gone from the old platform stay
 * without their address, everybody has a profile, and a wallet that is empty promises nothing.
 */
const TARGETS = [
  { table: 'users', says: 'n.email is not null' },
  { table: 'crypto_wallets', says: 'n.balance <> 0' },
  { table: 'crypto_transactions', says: 'true' },
  { table: 'crypto_trades', says: 'true' },
]

/**
 * Rows of the new tables that are older than the take-over, though no old row stands behind them: somebody put them
 * there. What Fairlock itself made since is younger.
 */
export async function findExtra(moment: Moment): Promise<Found> {
  const found: Found[] = []
  for (const { table, says } of TARGETS) {
    found.push(
      await look(
        moment,
        {
          check: 'count',
          table,
          todo: 'Find out who inserted it past Fairlock (fairlock audit search) and remove it.',
        },
        `select n.id::text as key,
           'is in the new table since before the take-over, and no old row was carried to it' as what
         from ${whereIs(table, moment.market)} n
         where ${says} and n.created_at < (select adopted_at from fairlock_adoption.state)
           and n.id not in (select c.target_id from fairlock_adoption.carried c
             where c.table_name = ${literal(table)} and c.target = ${literal(table)})`,
      ),
    )
  }
  return together(found)
}
