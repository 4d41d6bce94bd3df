/** A report's columns in their order: the field of a row, and what stands above it. */
type Column = { readonly field: string; readonly title: string }

const columns = (fields: Record<string, string>): Column[] =>
  Object.entries(fields).map(([field, title]) => ({ field, title }))

/** The reports, each with what it is and its columns. Those with a period are of days; the others are of now. */
export const REPORTS = {
  fees: {
    about: 'What the platform earned, by UTC day and currency: the entries of the fee accounts',
    hasPeriod: true,
    columns: columns({ day: 'day', currency: 'currency', trades: 'trades', amount: 'fees' }),
  },
  volume: {
    about: 'Completed trades by UTC day and pair; a split counts as far as the buyer got the coins',
    hasPeriod: true,
    columns: columns({
      day: 'day',
      pair: 'pair',
      trades: 'trades',
      amount: 'amount',
      totalValue: 'value',
      referenceValue: 'value_usd',
      valuedTrades: 'trades_with_value_usd',
    }),
  },
  escrows: {
    about: 'Open escrows of now by currency and status, with the age of the oldest',
    hasPeriod: false,
    columns: columns({
      currency: 'currency',
      status: 'status',
      escrows: 'escrows',
      amount: 'amount',
      oldestAt: 'oldest_at',
      oldestSeconds: 'oldest_seconds',
    }),
  },
  liabilities: {
    about:
      'What is owed now, by currency, and what custody has to be; the difference is zero, or the books are wrong',
    hasPeriod: false,
    columns: columns({
      currency: 'currency',
      available: 'available',
      held: 'held',
      fees: 'fees',
      custody: 'custody',
      difference: 'difference',
    }),
  },
  disputes: {
    about: 'Disputes by day or week: opened in it, ended in it and how, and the trades completed in it',
    hasPeriod: true,
    columns: columns({
      period: 'from',
      opened: 'opened',
      ruled: 'ruled',
      ruledRelease: 'ruled_release',
      ruledRefund: 'ruled_refund',
      ruledSplit: 'ruled_split',
      endedBySides: 'ended_by_sides',
      completedTrades: 'completed_trades',
      openedPerHundred: 'opened_per_100_completed',
      medianHours: 'median_hours_to_ruling',
    }),
  },
} as const

export type ReportName = keyof typeof REPORTS
export const REPORT_NAMES = Object.keys(REPORTS) as ReportName[]
export type ReportRow = { readonly [field: string]: string | number | null }
export type Report = { readonly report: string; readonly asOf: string; readonly rows: ReportRow[] }
