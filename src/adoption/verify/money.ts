import { type Found, isMarked, literal, look, type Moment, together } from './moment.ts'
import { whereIs } from './orphans.ts'
import type { MoneySums } from './report.ts'

/** A column of money: where the carried rows are, and what they say of amount, currency and status. */
type Purse = {
  table: string
  column: string
  /** What `carried` says the rows became. */
  target: string
  amount: string
  currency: string
  status: string
  /** The same of the old row. */
  oldCurrency: string
  oldStatus: string
  /** When Fairlock gave the row an amount of its own. */
  changed: string
}

const mapped = (kind: string, column: string) =>
  `coalesce(fairlock_adoption.mapped('${kind}', o.${column}), nullif(left(upper(btrim(o.${column})), 40), ''), '-')`
const BASE = `coalesce(split_part(fairlock_adoption.pair(o.pair), '/', 1), '-')`

const PURSES: Purse[] = [
  {
    table: 'crypto_transactions',
    column: 'amount',
    target: 'crypto_transactions',
    amount: 'n.amount',
    currency: 'n.currency',
    status: 'n.status',
    oldCurrency: mapped('currency', 'currency'),
    oldStatus: mapped('transaction_status', 'status'),
    changed: 'false',
  },
  {
    table: 'crypto_trades',
    column: 'amount',
    target: 'crypto_trades',
    amount: 'n.amount',
    currency: `split_part(n.pair, '/', 1)`,
    status: 'n.status',
    oldCurrency: BASE,
    oldStatus: mapped('trade_status', 'status'),
    changed: 'false',
  },
  {
    table: 'crypto_trades',
    column: 'amount',
    target: 'offers',
    amount: 'n.total_amount',
    currency: 'n.base_currency',
    status: `'open'`,
    oldCurrency: BASE,
    oldStatus: mapped('trade_status', 'status'),
    changed: "n.taken_amount > 0 or n.status = 'closed'",
  },
]

/**
 * Adds up a table's money in each currency and status, exactly: what the old rows hold is what the new ones hold, plus
 * what is in quarantine, plus what was set aside, plus what Fairlock changed or has still to carry.
 */
export async function addUp(
  moment: Moment,
  table: string,
  column: string,
): Promise<{ money: MoneySums[]; found: Found }> {
  const sums = ['old', 'new', 'quarantined', 'set_aside', 'elsewhere'].map(
    (part) => `coalesce(sum(amount) filter (where part = '${part}'), 0) as ${part}`,
  )
  const { rows } = await moment.client.query<Totals>(
    `select label ->> 0 as currency, label ->> 1 as status, ${totals()} from (
       select label, ${sums.join(', ')}, count(*) filter (where part = 'unreadable') as unreadable
       from (${partsOf(moment, table, column)}) parts group by label
     ) sums order by currency, status`,
  )
  return judge(table, column, rows, moment.limit)
}

/** Every amount with its label and what became of it. */
function partsOf({ market }: Moment, table: string, column: string): string {
  const of = `table_name = ${literal(table)}`
  const purses = PURSES.filter((purse) => purse.table === table && purse.column === column)
  const { oldCurrency, oldStatus } = purses[0]!
  const joined = purses.map(
    (purse) => `
      select o.key, ${purse.amount} as amount, jsonb_build_array(${purse.currency}, ${purse.status}) as label,
        ${purse.changed} as changed
      from waiting o join fairlock_adoption.carried c on c.${of} and c.key = o.key and c.target = ${literal(purse.target)}
      join ${whereIs(purse.target, market)} n on n.id = c.target_id
      where not o.marked`,
  )
  return `
    with waiting as materialized (
      select o.key, fairlock_adoption.money(o.${column}) as amount, jsonb_build_array(${oldCurrency}, ${oldStatus}) as label,
        ${isMarked(table, 'o.key')} as marked,
        o.key in (select key from fairlock_adoption.quarantine where ${of}) as refused,
        o.key in (select key from fairlock_adoption.set_aside where ${of} and column_name = ${literal(column)}) as aside
      from fairlock_adoption.old_${table} o
    ), olds as (
      select *, amount is not null and amount not in ('NaN', 'Infinity', '-Infinity') as readable from waiting
    ), news as materialized (${joined.join(' union all ')})
    select label, case when readable then 'old' else 'unreadable' end as part, amount from olds
    union all select label, 'quarantined', amount from olds where refused and readable and not marked
    union all select label, 'elsewhere', amount from olds where marked and readable
    union all select o.label, 'elsewhere', o.amount from olds o join fairlock_adoption.carried c on c.${of} and c.key = o.key
      where c.target = 'mirrored' and o.readable and not o.marked
    union all select n.label, 'new', n.amount from news n where not n.changed
    union all select o.label, 'elsewhere', o.amount from olds o join news n using (key) where n.changed and o.readable
    union all select o.label, 'set_aside', o.amount - n.amount from olds o join news n using (key)
      where o.aside and not n.changed and o.readable`
}

/** Which columns of which tables hold money that is added up. */
export const SUMS = [...new Map(PURSES.map((one) => [`${one.table}.${one.column}`, one])).values()].map(
  ({ table, column }) => ({ table, column }),
)

/**
 * The wallets. What a person has in custody in a currency is one wallet in Fairlock, in however many old ones it was; an
 * outside wallet has only its last known balance.
 */
export async function addUpWallets(moment: Moment): Promise<{ money: MoneySums[]; found: Found }> {
  const wallets = walletsOf(moment)
  const { rows } = await moment.client.query<Totals>(
    `${wallets}
     select currency, status, ${totals()} from (
       select currency, case when custody then 'custody' else 'outside' end as status, ${[
         ['old', 'amount', 'readable'],
         ['new', 'share', 'carried and not marked'],
         ['quarantined', 'amount', 'refused and readable and not marked'],
         ['set_aside', 'aside', 'carried and not marked'],
         ['elsewhere', 'amount', 'marked and readable'],
       ]
         .map(([name, sum, when]) => `coalesce(sum(${sum}) filter (where ${when}), 0) as ${name}`)
         .join(', ')}, count(*) filter (where not readable) as unreadable
       from rows group by 1, 2
     ) sums order by currency, status`,
  )
  const people = await look(
    moment,
    {
      check: 'money',
      table: 'crypto_wallets',
      todo:
        'Compare the old wallets of the person with their account: `fairlock ledger verify` names a wrong wallet. Where ' +
        'the books are right, insert a mark for the old wallets: `fairlock db up` then posts the difference.',
    },
    `${wallets}
     select string_agg(key, ', ' order by key) as key,
       format('%s in custody of person %s is %s in the new wallet instead of %s', currency, user_id,
         coalesce(trim_scale(max(held))::text, 'missing'), trim_scale(sum(amount - aside))) as what
     from rows where target = 'crypto_wallets' and not others_wait
     group by currency, user_id, target_id having max(held) is distinct from sum(amount - aside)`,
  )
  const sums = judge('crypto_wallets', 'balance', rows, moment.limit)
  return { money: sums.money, found: together([sums.found, people]) }
}

/** One row per old wallet, and what became of its balance. `held` is what the wallets that lead to one have together. */
function walletsOf({ market }: Moment): string {
  const of = `table_name = 'crypto_wallets'`
  return `
    with old as materialized (
      select o.key, ${mapped('currency', 'currency')} as currency,
        coalesce(fairlock_adoption.custody(o.wallet_provider, o.chain_type, o.is_connected), false) as custody,
        coalesce(fairlock_adoption.money(o.balance), 0) as amount, o.user_id,
        ${isMarked('crypto_wallets', 'o.key')} as marked,
        o.key in (select key from fairlock_adoption.quarantine where ${of}) as refused,
        o.balance is null or coalesce(fairlock_adoption.money(o.balance) not in ('NaN', 'Infinity', '-Infinity'), false)
          as readable
      from fairlock_adoption.old_crypto_wallets o
    ), led as (
      select o.*, c.key is not null as carried, c.target, c.target_id, x.last_known_balance as known,
        n.balance - coalesce(u.amount, 0) as held, s.key is not null as has_aside,
        bool_or(o.marked) over (partition by coalesce(c.target_id::text, o.key)) as others_wait,
        row_number() over (partition by c.target_id order by o.marked, o.key) = 1 as is_first
      from old o
      left join fairlock_adoption.carried c on c.${of} and c.key = o.key
      left join ${market}.crypto_wallets n on n.id = c.target_id and c.target = 'crypto_wallets'
      -- Coins that Fairlock gave somebody for whom there is no old wallet.
      left join fairlock_adoption.unheld u on u.wallet_id = n.id
      left join fairlock.outside_wallets x on x.id = c.target_id and c.target = 'outside_wallets'
      left join (select distinct key from fairlock_adoption.set_aside where ${of} and column_name = 'balance') s
        on s.key = o.key
    ), rows as materialized (
      select *, case when not has_aside or not readable then 0
          when target = 'outside_wallets' then amount - coalesce(known, 0) else amount - trunc(amount, 8) end as aside,
        -- While one of a person's wallets waits, their new one cannot be told apart: each counts as it was.
        case when target = 'outside_wallets' then coalesce(known, 0) when others_wait then trunc(amount, 8)
          when is_first then held else 0 end as share
      from led
    )`
}

type Totals = Omit<MoneySums, 'column' | 'unreadable'> & { rest: string; unreadable: string }

/** The columns of `Totals` from sums by their names. */
function totals(): string {
  return `trim_scale(old)::text as old, trim_scale(new)::text as new, trim_scale(quarantined)::text as quarantined,
    trim_scale(set_aside)::text as "setAside", trim_scale(elsewhere)::text as elsewhere, unreadable::text,
    trim_scale(old - new - quarantined - set_aside - elsewhere)::text as rest`
}

function judge(
  table: string,
  column: string,
  rows: Totals[],
  limit: number,
): { money: MoneySums[]; found: Found } {
  const wrong = rows.filter(({ rest }) => rest !== '0')
  const findings = wrong.slice(0, limit).map(({ currency, status, rest }) => ({
    check: 'money' as const,
    table,
    key: null,
    what: `${column} in ${currency}, ${status}: the old rows hold ${rest} more than the new ones and what is accounted for`,
    todo: 'The findings of this table name the rows; mend those, and this sum is right again.',
  }))
  const money = rows.map(({ rest: _, unreadable, ...sums }) => ({
    ...sums,
    column,
    unreadable: Number(unreadable),
  }))
  return { money, found: { wrong: wrong.length, findings } }
}
