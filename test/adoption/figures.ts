import type { AdoptionFigures, TableFigures } from '../../src/adoption/index.ts'

const BLOAT = { bytes: 5_368_709_120, live: 10_000_000, dead: 250_000 }
const table = (name: string, of: Partial<TableFigures> = {}): TableFigures => ({
  table: name,
  pass: 1,
  done: 0,
  total: 0,
  finished: true,
  rate: 0,
  etaSeconds: 0,
  carried: 0,
  quarantined: 0,
  notTaken: 0,
  marks: 0,
  oldestMarkSeconds: 0,
  old: BLOAT,
  new: BLOAT,
  ...of,
})

/** A take-over in the middle of its work, with large numbers everywhere. */
export const FIGURES: AdoptionFigures = {
  phase: 'carrying',
  phaseSeconds: 286_400,
  marketSchema: 'fairlock_next',
  isExact: false,
  tables: [
    table('users', { done: 250_000, total: 250_000, carried: 250_000 }),
    table('crypto_profiles'),
    table('crypto_wallets', { notTaken: 2, marks: 12, oldestMarkSeconds: 3 }),
    table('crypto_transactions', {
      done: 5_000_000,
      total: 10_000_000,
      finished: false,
      rate: 20_000,
      etaSeconds: 250,
      carried: 4_998_766,
      quarantined: 1234,
    }),
    table('crypto_trades', { total: 2_000_000_000, finished: false, etaSeconds: null }),
    table('crypto_prices'),
  ],
  quarantine: {
    status_unknown: 1000,
    ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`another_long_reason_${i}`, 26])),
  },
  setAside: { decimals_cut: 12_345, email_repeated: 17 },
  differences: 1_234_567,
  toRecount: 9_806_344,
  marks: { waiting: 12, oldestSeconds: 3.25 },
  batches: {
    counted: 1000,
    p99Ms: 12.5,
    probeP99Ms: 4.25,
    pauseMs: 20,
    lockWaits: 3,
    retries: 2,
    secondsSinceLast: 0.4,
  },
  verified: { passed: false, mismatches: 3, ageSeconds: 7300, isSigned: false },
}
