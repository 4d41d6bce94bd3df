import {
  type Check,
  carried,
  documentChecks,
  idCheck,
  impossibleMoment,
  momentChecks,
  quarantined,
  setAside,
  USER_MISSING,
} from './check.ts'
import { shippedCurrencies } from './currencies.ts'

const OTHER_TIME = 'another time of the row, or that of the adoption'
const WITHOUT = 'carried without it'
const ZONE = `coalesce(o.j_notification_preferences ->> 'time_zone', o.j_notification_preferences ->> 'timezone',
  o.j_notification_preferences ->> 'timeZone', o.j_notification_preferences ->> 'tz')`

export const USER_CHECKS: Check[] = [
  idCheck,
  carried(
    'email_missing',
    'email',
    `coalesce(btrim(o.email), '') = ''`,
    'a person without e-mail, whom staff lets in',
  ),
  setAside(
    'email_malformed',
    'email',
    `btrim(o.email) <> '' and btrim(o.email, E' \\t\\r\\n') !~ '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$'
      or length(btrim(o.email)) > 320`,
    'a person without e-mail',
  ),
  ...momentChecks('created_at', OTHER_TIME),
]

export const PROFILE_CHECKS: Check[] = [
  idCheck,
  USER_MISSING,
  quarantined('profile_repeated', 'user_id', 'repeated.key is not null', 'the oldest of a person is carried'),
  setAside(
    'kyc_unknown',
    'kyc_status',
    'o.kyc_status is not null and o.w_kyc_status is null',
    'pending: nobody is trusted by mistake',
  ),
  setAside(
    'kyc_date_without_status',
    'kyc_verified_at',
    `o.kyc_verified_at is not null and coalesce(o.w_kyc_status, 'pending') in ('pending', 'rejected')`,
    'carried without the date',
  ),
  setAside(
    'rating_out_of_range',
    'average_rating',
    `btrim(o.average_rating) <> '' and o.m_average_rating is distinct from 0
      and (round(o.m_average_rating, 2) between 1 and 5) is not true`,
    'carried without a rating',
  ),
  carried(
    'statistics_negative',
    'total_trades',
    `o.m_total_trades < 0 or o.m_trading_volume < 0 or o.m_trading_volume = 'NaN'`,
    'counted again from the trades; the differences are reported',
  ),
  setAside(
    'currency_unknown',
    'preferred_currencies',
    `exists (select from unnest(pg_temp.text_list(o.preferred_currencies)) c where pg_temp.mapped('currency', c) is null)`,
    'the known ones; the whole list is set aside',
  ),
  setAside(
    'pair_unknown',
    'trading_pairs',
    'exists (select from unnest(pg_temp.text_list(o.trading_pairs)) p where pg_temp.pair(p) is null)',
    'the known ones; the whole list is set aside',
  ),
  setAside(
    'time_zone_unknown',
    'notification_preferences',
    `${ZONE} is not null and not exists (select from zones where name = lower(${ZONE}))`,
    'the other preferences, in UTC',
  ),
  ...documentChecks('notification_preferences'),
  ...documentChecks('security_settings'),
  ...momentChecks('created_at', OTHER_TIME),
  setAside('updated_before_created', 'updated_at', 'o.updated_at < o.created_at', 'updated_at is created_at'),
]

const LARGE = '1000000000000'
/** The first thing that is wrong with a wallet is why it is quarantined. */
const KNOWN = 'person.key is not null'
const IS_COIN = `coalesce(o.w_currency in ('${shippedCurrencies('crypto').join("', '")}'), false)`
const OURS = `${KNOWN} and o.custody and ${IS_COIN}`
const finite = (m: string) => `${m} > '-Infinity' and ${m} < 'Infinity'`

export const WALLET_CHECKS: Check[] = [
  idCheck,
  USER_MISSING,
  quarantined(
    'custody_unclear',
    'wallet_provider',
    `${KNOWN} and o.custody is null`,
    'stays until the mapping says whose coins they are',
  ),
  quarantined(
    'currency_unknown',
    'currency',
    `${KNOWN} and case when o.custody then not ${IS_COIN} when not o.custody then coalesce(btrim(o.currency), '') = '' end`,
    'stays until the mapping makes a coin of it',
  ),
  quarantined(
    'balance_not_a_number',
    'balance',
    `${OURS} and o.balance is not null and (o.m_balance is null or o.m_balance = 'NaN')`,
    'stays until the balance is known',
  ),
  quarantined(
    'balance_infinite',
    'balance',
    `${OURS} and o.m_balance in ('Infinity', '-Infinity')`,
    'stays until the balance is known',
  ),
  quarantined(
    'balance_negative',
    'balance',
    `${OURS} and ${finite('o.m_balance')} and trunc(o.m_balance, 8) < 0`,
    'a debt is no coin: stays until it is settled',
  ),
  quarantined(
    'amount_too_large',
    'balance',
    `${OURS} and o.m_balance >= ${LARGE} and o.m_balance < 'Infinity'`,
    'stays: numeric(20,8) has no place for it',
  ),
  setAside('balance_missing', 'balance', 'o.custody and o.balance is null', '0: nobody could have spent it'),
  setAside(
    'number_impossible',
    'balance',
    `o.balance is not null and not o.custody and (o.m_balance >= 0 and o.m_balance < ${LARGE}) is not true`,
    'what an outside wallet holds is not known then',
  ),
  setAside(
    'decimals_cut',
    'balance',
    `o.m_balance >= 0 and o.m_balance < ${LARGE} and o.m_balance <> trunc(o.m_balance, 8)`,
    'cut after the eighth decimal, never rounded up; the rest is set aside',
  ),
  ...momentChecks('created_at', OTHER_TIME),
  impossibleMoment('last_synced_at', WITHOUT),
]

export const PRICE_CHECKS: Check[] = [
  idCheck,
  quarantined('symbol_missing', 'symbol', `coalesce(btrim(o.symbol), '') = ''`, 'a price of nothing'),
  quarantined('price_repeated', 'symbol', 'repeated.key is not null', 'the newest of a symbol is carried'),
  quarantined(
    'price_not_a_number',
    'price_usd',
    `o.m_price_usd is null or o.m_price_usd in ('NaN', 'Infinity', '-Infinity')`,
    'fetched again',
  ),
  quarantined(
    'price_not_positive',
    'price_usd',
    `round(o.m_price_usd, 8) <= 0 and o.m_price_usd > '-Infinity'`,
    'fetched again',
  ),
  ...[
    'market_cap',
    'volume_24h',
    'circulating_supply',
    'total_supply',
    'max_supply',
    'high_24h',
    'low_24h',
  ].map((column) =>
    setAside(
      'number_impossible',
      column,
      `o.${column} is not null and (o.m_${column} >= 0 and o.m_${column} < 'Infinity') is not true`,
      'the price without it',
    ),
  ),
  setAside(
    'number_impossible',
    'price_change_24h',
    `o.price_change_24h is not null and (abs(o.m_price_change_24h) < 1000000) is not true`,
    'the price without it',
  ),
  impossibleMoment('last_updated', WITHOUT),
  impossibleMoment('created_at', OTHER_TIME),
]
