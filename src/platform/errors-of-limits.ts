/** How Fairlock says no to what would be more than somebody may trade or withdraw. Part of `ERRORS`. */
export const LIMIT_ERRORS = {
  limit_exceeded: {
    status: 409,
    title:
      'This would be more than your KYC level may trade in a day or month. Take less, or ask for a higher level.',
    field: 'amount',
    sqlstate: 'FL104',
  },
  counterparty_limit: {
    status: 409,
    title: 'This is more than the maker of the offer may trade now. Take less, or another offer.',
  },
  no_reference_rate: {
    status: 409,
    title:
      'Nobody can tell at the moment what this is worth, so it cannot be counted against your limit. Nothing was done; ' +
      'try again later.',
  },
  withdrawal_limit_exceeded: {
    status: 409,
    title:
      'This would be more than the limit that you set for withdrawals from this wallet. Nothing was done.',
    field: 'amount',
    sqlstate: 'FL105',
  },
} as const
