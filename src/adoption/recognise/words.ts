import type { WordKind } from '../mapping.ts'

type Synonyms = Record<string, string>

/** What each word of the new vocabulary is called elsewhere, in small letters. */
const CALLED: Record<WordKind, Synonyms> = {
  trade_status: {
    open: 'active listed new available unfilled',
    live: 'pending paid escrow in_escrow funded processing in_progress partially_filled partial accepted disputed matched',
    completed: 'complete filled done success successful settled closed released finished executed',
    cancelled: 'canceled cancel void voided rejected failed aborted deleted withdrawn',
    expired: 'timeout timed_out lapsed',
  },
  transaction_status: {
    pending:
      'processing unconfirmed new submitted broadcast broadcasted in_progress queued created confirming',
    completed: 'complete confirmed success successful done settled ok finished mined executed',
    failed: 'fail failure error rejected declined dropped reverted',
    cancelled: 'canceled cancel void voided aborted expired',
    reversed: 'refunded chargeback charged_back rolled_back',
  },
  kyc_status: {
    pending:
      'none unverified not_verified not_started new submitted in_review review processing incomplete level0 tier0 0',
    rejected: 'denied failed declined refused',
    basic: 'verified approved passed complete completed level1 level_1 tier1 tier_1 lite 1',
    full: 'level2 level_2 tier2 tier_2 enhanced advanced premium level3 level_3 tier3 tier_3 2 3',
    institution: 'institutional corporate business company kyb',
  },
  side: {
    buy: 'b bid long purchase buying',
    sell: 's ask short sale selling offer',
  },
  transaction_type: {
    deposit: 'receive received incoming in credit topup top_up funding',
    withdrawal: 'withdraw send sent outgoing out debit payout cashout',
    transfer: 'internal internal_transfer move',
    buy: 'purchase trade_buy bought',
    sell: 'sale trade_sell sold',
    hold: 'lock locked escrow_hold reserve',
    release: 'unlock unlocked escrow_release',
    refund: 'refunded escrow_refund',
    fee: 'fees commission network_fee trading_fee',
    adjustment: 'correction adjust manual',
  },
}

/** Other names of currencies. */
export const CURRENCY_NAMES: Record<string, string> = {
  bitcoin: 'BTC',
  xbt: 'BTC',
  ethereum: 'ETH',
  ether: 'ETH',
  litecoin: 'LTC',
  monero: 'XMR',
  tether: 'USDT',
  dollar: 'USD',
  euro: 'EUR',
}

/** Every known word of a kind with what it becomes, the new words themselves first. */
export function knownWords(kind: WordKind): Record<string, string> {
  const targets = Object.entries(CALLED[kind])
  return Object.fromEntries([
    ...targets.map(([target]) => [target, target]),
    ...targets.flatMap(([target, names]) => names.split(' ').map((name) => [name, target])),
  ])
}

/** Programs in which people keep their keys themselves: what such a wallet holds was never the platform's. */
const OUTSIDE =
  /metamask|walletconnect|ledger|trezor|phantom|trust|rabby|coinbasewallet|rainbow|argent|electrum|keplr|safepal|browser|external/
/** What platforms call wallets whose keys they hold. */
const INSIDE =
  /^(|platform|custodial|custody|internal|hot|hotwallet|cold|coldwallet|exchange|fairlock|system|inhouse|house)$/

/** Whose coins a group of wallets most likely holds, and whether that is sure enough not to ask. */
export function proposedCustody(
  provider: string | null,
  connected: boolean,
): { custody: boolean; certain: boolean } {
  const name = (provider ?? '').toLowerCase().replace(/[^a-z0-9]/g, '')
  if (connected || OUTSIDE.test(name)) return { custody: false, certain: true }
  return { custody: true, certain: INSIDE.test(name) }
}
