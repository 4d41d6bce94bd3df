/** Why somebody opens a dispute. The clock's reason, release_overdue, is nobody's to give. */
export const DISPUTE_REASONS = {
  payment_not_received: 'The buyer says that the fiat is sent; it has not arrived',
  payment_not_released: 'The fiat is paid; the seller does not release',
  wrong_amount: 'The fiat that arrived is not the amount agreed',
  third_party_payment: 'The fiat came from an account of somebody else',
  payment_reversed: 'The payment was taken back, or is being taken back',
  wrong_details: 'The account details were wrong or did not accept the payment',
  other: 'Something else; say what in the description',
} as const
export type DisputeReason = keyof typeof DISPUTE_REASONS
